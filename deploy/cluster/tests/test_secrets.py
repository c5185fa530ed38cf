"""Secrets are made once, for each role what it needs and no more."""

from pathlib import Path

from cluster import secrets


def test_each_role_gets_its_own_file_for_the_owner_only(tmp_path: Path) -> None:
    secrets.ensure(tmp_path / "secrets")

    files = list((tmp_path / "secrets").iterdir())
    assert {file.stem for file in files} == set(secrets.ROLES)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_shared_secrets_are_the_same_and_others_differ(tmp_path: Path) -> None:
    secrets.ensure(tmp_path)
    portal, signup = secrets.read(tmp_path, "portal"), secrets.read(tmp_path, "signup")

    assert portal["internal_token"] == signup["internal_token"]
    assert portal["kek"] == signup["kek"]
    assert portal["db_password"] != signup["db_password"]


def test_what_is_there_is_never_made_anew(tmp_path: Path) -> None:
    secrets.ensure(tmp_path)
    secrets.store(tmp_path, "signup", s3_access_key="A", s3_secret_key="S")
    before = {role: secrets.read(tmp_path, role) for role in secrets.ROLES}

    secrets.ensure(tmp_path)

    assert {role: secrets.read(tmp_path, role) for role in secrets.ROLES} == before


def test_a_lost_file_gets_the_shared_secrets_back(tmp_path: Path) -> None:
    secrets.ensure(tmp_path)
    token = secrets.read(tmp_path, "routing")["internal_token"]
    (tmp_path / "routing.json").unlink()

    secrets.ensure(tmp_path)

    assert secrets.read(tmp_path, "routing")["internal_token"] == token
