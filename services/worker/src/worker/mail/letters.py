"""Fills the templates: ``templates/<name>/<locale>.{subject.txt,txt,html}``."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from babel.dates import format_date, format_time
from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    UndefinedError,
    select_autoescape,
)

from jobs.mail import Mail
from kernel.messages import DEFAULT_LOCALE, LOCALES

TEMPLATES = Path(__file__).parent / "templates"


class LetterError(Exception):
    """There is no such letter, or it cannot be written with these values."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as its reader sees it."""

    locale: str
    subject: str
    text: str
    html: str


def render(mail: Mail) -> Letter:
    """Write the letter in the reader's language, English if we do not have it."""
    locale = mail.locale if mail.locale in LOCALES else DEFAULT_LOCALE
    subject, text, html = (
        _fill(f"{mail.template}/{locale}.{kind}", {**mail.values, "locale": locale})
        for kind in ("subject.txt", "txt", "html")
    )
    # a value with a line break in it must not begin another header
    return Letter(locale, " ".join(subject.split()), text, html)


def _fill(name: str, values: dict[str, str]) -> str:
    try:
        return _environment.get_template(name).render(values)
    except TemplateNotFound:
        raise LetterError(f"no template {name!r}") from None
    except UndefinedError as error:
        raise LetterError(f"{name}: {error}") from None
    except ValueError:
        raise LetterError(f"{name}: a value is not what it must be") from None


def _moment(value: str, locale: str) -> str:
    """Write an ISO 8601 instant the way the language does."""
    at = datetime.fromisoformat(
        str(value)
    )  # str() is what complains about a missing value.astimezone(UTC)
    return f"{format_date(at, 'long', locale)}, {format_time(at, 'short', locale=locale)} UTC"


_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(("html",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.filters["moment"] = _moment
