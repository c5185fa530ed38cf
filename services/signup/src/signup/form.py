"""What a person types to sign up, checked and cleaned; the wrong fields are told all at once."""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, NoReturn

import email_validator
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from kernel.errors import FieldError, InvalidFieldsError
from kernel.messages import LOCALES, Catalogue
from kernel.settings import Settings
from signup import passwords

REGION_OF_LOCALE = {"ru": "ru", "uk": "ua", "de": "eu", "en": "us"}
MOST_ERRORS = 50  # a body of a thousand unknown fields gets no answer of its own size
LONGEST_HOST = 253  # RFC 1035 §3.1; the routing service knows the finer rules

# pydantic's name of a finding -> ours; texts are in messages.toml as field.<name>
CODES = {
    "missing": "required",
    "extra_forbidden": "unknown",
    "string_type": "not-text",
    "string_too_short": "too-short",
    "string_too_long": "too-long",
}


@dataclass(frozen=True, slots=True)
class Application:
    """A valid form, without the password; ``host`` is the label below the base domain."""

    company: str
    host: str
    email: str
    first_name: str | None
    last_name: str | None
    locale: str
    region: str


@dataclass(frozen=True, slots=True)
class Filled:
    """The application and the password that came with it."""

    application: Application
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the installation allows."""

    base_domain: str
    regions: Collection[str]

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        """Regions of the settings, and those the languages stand for: a box may name none."""
        named = settings.regions.keys() - {"default"}
        return cls(settings.base_domain, sorted(named | set(REGION_OF_LOCALE.values())))


def read(body: Mapping[str, object], rules: Rules, *, locale: str, catalogue: Catalogue) -> Filled:
    """Return the form, or raise ``InvalidFieldsError`` with texts in ``locale``.

    ``locale`` is the language of a person who chose none in the body.
    """
    try:
        form = SignupIn.model_validate(body, context=rules)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise InvalidFieldsError(
            [_named(e, locale, catalogue) for e in found[:MOST_ERRORS]]
        ) from None
    chosen = form.locale or locale
    return Filled(
        Application(
            company=form.company,
            host=form.host,
            email=form.email,
            first_name=form.first_name or None,
            last_name=form.last_name or None,
            locale=chosen,
            region=form.region or REGION_OF_LOCALE[chosen],
        ),
        form.password,
    )


def locale_in(body: Mapping[str, object], fallback: str) -> str:
    """Return the language chosen in the body, even if other fields are wrong, else ``fallback``."""
    chosen = body.get("locale")
    return chosen if isinstance(chosen, str) and chosen in LOCALES else fallback


def _named(found: ErrorDetails, locale: str, catalogue: Catalogue) -> FieldError:
    code = CODES.get(found["type"], found["type"])
    detail = catalogue.text(f"field.{code}", locale, found.get("ctx", {}))
    name = str(found["loc"][0]).replace("~", "~0").replace("/", "~1")  # RFC 6901 §3
    return FieldError(f"/{name}", code, detail)


def _wrong(code: str, **values: object) -> NoReturn:
    raise PydanticCustomError(code, "{code}", {"code": code, **values})


def _line(text: str) -> str:
    """Return a name in NFC; control characters and line breaks would end up in mail headers."""
    if any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} for c in text):
        _wrong("control-characters")
    return unicodedata.normalize("NFC", text)


def _host(text: str, info: ValidationInfo[Rules]) -> str:
    """Accept ``acme`` and ``acme.<base domain>``; the shape only, the routing service has the rules."""
    rules = info.context
    label = text.lower().removesuffix(".").removesuffix(f".{rules.base_domain}")
    if not label or any(c in "./:@?#\\" or not c.isprintable() or c.isspace() for c in label):
        _wrong("host-malformed", base_domain=rules.base_domain)
    return label


def _email(text: str) -> str:
    try:
        return email_validator.validate_email(text, check_deliverability=False).normalized
    except email_validator.EmailNotValidError:
        _wrong("email-malformed")


def _one_of(code: str, allowed: Collection[str], value: str) -> str:
    if value not in allowed:
        _wrong(code, allowed=", ".join(allowed))
    return value


def _region(value: str, info: ValidationInfo[Rules]) -> str:
    rules = info.context
    return _one_of("region-unknown", rules.regions, value)


_Trimmed = partial(StringConstraints, strip_whitespace=True)
_Company = Annotated[str, _Trimmed(min_length=1, max_length=200), AfterValidator(_line)]
_Name = Annotated[str, _Trimmed(max_length=100), AfterValidator(_line)]
_Password = Annotated[
    str, StringConstraints(min_length=passwords.SHORTEST, max_length=passwords.LONGEST)
]


class SignupIn(BaseModel):
    """The body of a sign-up. The password comes last: it is compared with what stands before it."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    company: _Company = Field(examples=["Acme"])
    host: Annotated[str, _Trimmed(min_length=1, max_length=LONGEST_HOST), AfterValidator(_host)] = (
        Field(examples=["acme"], description="the label, or the whole host name")
    )
    email: Annotated[str, _Trimmed(min_length=1, max_length=254), AfterValidator(_email)] = Field(
        examples=["boss@acme.example"]
    )
    first_name: _Name | None = None
    last_name: _Name | None = None
    locale: Annotated[str, AfterValidator(partial(_one_of, "locale-unknown", LOCALES))] | None = (
        Field(default=None, description="ru, uk, de or en; default from Accept-Language")
    )
    region: Annotated[str, AfterValidator(_region)] | None = Field(
        default=None, description="where the data lives; default from the locale"
    )
    password: _Password = Field(repr=False)

    @field_validator("password")
    @classmethod
    def _is_hard_to_guess(cls, password: str, info: ValidationInfo[Rules]) -> str:
        if passwords.is_common(password):
            _wrong("password-common")
        rules = info.context
        if passwords.is_one_of(password, _words(info.data, rules.base_domain)):
            _wrong("password-repeats-form")
        return password


def _words(data: Mapping[str, Any], base_domain: str) -> Iterator[str]:
    """Yield what a guesser reads on the same form; wrong fields are missing from ``data``."""
    for name in ("email", "host", "company"):
        if name in data:
            yield data[name]
    yield f"{data.get('host')}.{base_domain}"
    yield str(data.get("email")).partition("@")[0]
