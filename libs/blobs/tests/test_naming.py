"""Names of downloads, as browsers read them."""

import pytest
from aiohttp import content_disposition_filename, parse_content_disposition

from blobs.naming import attachment


@pytest.mark.parametrize(
    ("name", "saved_as"),
    [
        ("report.pdf", "report.pdf"),
        ("Смета № 5 (итог).xlsx", "Смета № 5 (итог).xlsx"),
        ("Größe 100%.txt", "Größe 100%.txt"),
        ('a "quoted" name; x=y', 'a "quoted" name; x=y'),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("a\r\nSet-Cookie: x", "a__Set-Cookie: x"),
        ("broken \ud800", "broken ?"),
    ],
)
def test_a_browser_saves_under_the_name(name: str, saved_as: str) -> None:
    header = attachment(name)

    assert header.isascii()
    assert "\n" not in header
    kind, parameters = parse_content_disposition(header)
    assert kind == "attachment"
    assert content_disposition_filename(parameters) == saved_as


def test_an_old_browser_gets_a_plain_name() -> None:
    assert 'filename="_____ _ 5.xlsx";' in attachment("Смета № 5.xlsx")
