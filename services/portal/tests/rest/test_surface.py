"""The surface as it is composed: every method declared once, and the document about them up to date."""

import inspect
import re

import pytest

from portal.modules.webhooks.domain import scopes
from portal.rest import document
from portal.surface import DOCUMENT, METHODS, completed
from testkit import checkout


def test_the_document_is_up_to_date() -> None:
    text = (checkout.ROOT / DOCUMENT).read_text(encoding="utf-8")
    assert text == completed(text), "run: python -m portal.surface"


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_method_is_declared_as_it_must_be(name: str) -> None:
    method = METHODS[name]
    assert name == method.name.lower()
    assert re.fullmatch(r"[a-z]+(\.[a-z]+)*", name)
    assert inspect.iscoroutinefunction(method.run)
    assert "|" not in method.differs, "it stands in a table"


def test_a_webhook_may_have_every_scope_that_a_method_needs() -> None:
    assert {scope for method in METHODS.values() for scope in method.scopes} <= scopes.SCOPES


def test_every_documented_name_is_listed_once() -> None:
    rows = document.rows(METHODS)
    names = [row.name.lower() for row in rows]
    assert len(names) == len(set(names))
    wanted = [row for row in rows if row.part != document.MORE]
    assert len(wanted) == 299
