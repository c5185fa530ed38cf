from contextlib import nullcontext
from pathlib import Path

import pytest
from pydantic import ValidationError

from kernel.settings import load

ROOT = Path(__file__).parents[3]
FILES = ["portico.toml", "portico.box.toml", "tests/portico.toml", "tests/portico.box.toml"]


@pytest.mark.parametrize("name", FILES)
def test_every_settings_file_of_the_repository_is_valid(name: str) -> None:
    settings = load(ROOT / name)
    assert settings.var.is_absolute()
    assert {settings.home_of(r) for r in settings.regions} <= {s.name for s in settings.datacentres}


def test_a_misspelt_key_is_an_error_at_start(tmp_path: Path) -> None:
    text = (ROOT / "portico.box.toml").read_text().replace("base_domain", "base_domian")
    (tmp_path / "portico.toml").write_text(text)
    with pytest.raises(ValidationError, match="base_domian"):
        load(tmp_path / "portico.toml")


def test_the_signup_limit_is_five_a_minute_unless_said_otherwise(tmp_path: Path) -> None:
    text = (ROOT / "portico.box.toml").read_text().replace("signups_per_minute = 600", "")
    (tmp_path / "portico.toml").write_text(text)
    assert load(tmp_path / "portico.toml").limits.signups_per_minute == 5


def test_an_unknown_region_is_at_home_in_the_default() -> None:
    assert load(ROOT / "portico.toml").home_of("atlantis") == "dc-b"


@pytest.mark.parametrize(
    ("offset", "step", "accepted"),
    [(1, 2, False), (2, 2, True), (3, 2, False), (3, 3, True)],
    ids=["the same twice", "two of two", "a third of two", "a third of three"],
)
def test_datacentres_whose_ids_could_meet_are_refused(
    tmp_path: Path, offset: int, step: int, *, accepted: bool
) -> None:
    text = (ROOT / "portico.toml").read_text().replace("id_offset = 2", f"id_offset = {offset}")
    (tmp_path / "portico.toml").write_text(f"id_step = {step}\n{text}")
    with nullcontext() if accepted else pytest.raises(ValidationError, match="id_offset"):
        load(tmp_path / "portico.toml")


@pytest.mark.parametrize("url", ["files.example.com", "https://files.example.com/s3"])
def test_the_public_address_of_the_object_store_is_a_host(tmp_path: Path, url: str) -> None:
    text = f's3_public_url = "{url}"\n' + (ROOT / "portico.box.toml").read_text()
    (tmp_path / "portico.toml").write_text(text)
    with pytest.raises(ValidationError, match="s3_public_url"):
        load(tmp_path / "portico.toml")


@pytest.mark.parametrize(
    ("door", "http", "https"),
    [
        ("http = 8080\nhttps = 8443", "http://a.test:8080", "https://a.test:8443"),
        ("http = 80\nhttps = 443", "http://a.test", "https://a.test"),
        ('public_url = "https://{host}"', "https://a.test", "https://a.test"),
    ],
)
def test_people_are_told_the_address_at_which_they_reach_a_portal(
    tmp_path: Path, door: str, http: str, https: str
) -> None:
    text = (ROOT / "portico.box.toml").read_text().replace("portico.localhost", "test")
    (tmp_path / "portico.toml").write_text(f"{text}\n[door]\n{door}\n")
    settings = load(tmp_path / "portico.toml")
    assert settings.portal_url("a") == http
    assert settings.portal_url("a", "https") == https


@pytest.mark.parametrize("url", ["https://example.com", "{host}", "https://{host}/"])
def test_the_public_address_of_portals_names_the_host_and_nothing_behind_it(
    tmp_path: Path, url: str
) -> None:
    text = (ROOT / "portico.box.toml").read_text()
    (tmp_path / "portico.toml").write_text(f'{text}\n[door]\npublic_url = "{url}"\n')
    with pytest.raises(ValidationError, match="public_url"):
        load(tmp_path / "portico.toml")
