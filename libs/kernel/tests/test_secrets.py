import json
from pathlib import Path

import pytest

from kernel import passwords, secrets
from kernel.sealing import SealBrokenError, Sealer, new_key


def test_what_was_sealed_opens_at_its_own_place_only() -> None:
    sealer = Sealer(new_key())
    sealed = sealer.seal("пароль", "portal/7/storage")
    assert sealer.open(sealed, "portal/7/storage") == "пароль"
    with pytest.raises(SealBrokenError):
        sealer.open(sealed, "portal/8/storage")


def test_another_key_opens_nothing() -> None:
    sealed = Sealer(new_key()).seal("x", "p")
    with pytest.raises(SealBrokenError):
        Sealer(new_key()).open(sealed, "p")


@pytest.mark.parametrize("damage", [slice(0, 4), slice(-4, None)])
def test_a_damaged_seal_is_noticed(damage: slice) -> None:
    sealer = Sealer(new_key())
    sealed = bytearray(sealer.seal("secret text", "p").encode())
    sealed[damage] = b"AAAA" if sealed[damage] != b"AAAA" else b"BBBB"
    with pytest.raises(SealBrokenError):
        sealer.open(sealed.decode(), "p")


def test_the_same_text_is_sealed_differently_each_time() -> None:
    sealer = Sealer(new_key())
    assert sealer.seal("x", "p") != sealer.seal("x", "p")


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    (tmp_path / "portal.json").write_text(json.dumps({"kek": "hidden"}))
    loaded = secrets.load(tmp_path, "portal")
    assert loaded["kek"] == "hidden"
    assert "hidden" not in f"{loaded!r} {loaded}"
    with pytest.raises(KeyError, match="missing from the secrets of 'portal'"):
        loaded["other"]


def test_a_password_matches_its_hash_and_no_other() -> None:
    stored = passwords.hashed("correct horse")
    assert passwords.matches(stored, "correct horse")
    assert not passwords.matches(stored, "Correct horse")


@pytest.mark.parametrize("stored", [None, "", "no hash", b"\xff"])
def test_nothing_matches_a_hash_that_is_none(stored: str | bytes | None) -> None:
    assert not passwords.matches(stored, "")
