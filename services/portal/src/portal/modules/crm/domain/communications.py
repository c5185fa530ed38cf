"""How somebody is reached: phone numbers, addresses of mail, places on the web, messengers.

A card keeps a few of each. Numbers and addresses have a form in which two spellings of one meet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

MOST_ENTRIES = 20
LONGEST_PHONE, FEWEST_DIGITS = 50, 3
LONGEST_EMAIL = 254
LONGEST_WEB, LONGEST_MESSENGER = 1_000, 254
# Integrations bring words of their own, which are kept
LONGEST_TYPE = 50
WORK, OTHER = "work", "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One of several; ``id`` tells it from the card's others of its kind, 0: it has none yet."""

    value: str
    type: str = WORK
    id: int = 0


@dataclass(frozen=True, slots=True)
class Phone(Entry):
    """A number as it was written; work, mobile, home, fax, pager, mailing, other."""

    def normalised(self, region: str) -> str:
        """Return the number in a form that all its spellings share; see ``normalised_phone``."""
        return normalised_phone(self.value, region)


@dataclass(frozen=True, slots=True)
class Email(Entry):
    """An address of mail; work, home, mailing, other."""

    def normalised(self) -> str:
        """Return the address in a form that all its spellings share."""
        return self.value.lower()


@dataclass(frozen=True, slots=True)
class Web(Entry):
    """A place on the web; work, home, facebook, vk, livejournal, twitter, other."""


@dataclass(frozen=True, slots=True)
class Messenger(Entry):
    """A name in a messenger, which the type says: telegram, facebook, vk, skype, viber, whatsapp ..."""


@lru_cache(
    maxsize=1024
)  # an import asks for each number twice: is the row known, and how is it found
def normalised_phone(text: str, region: str) -> str:
    """Return E.164 if the number exists in some numbering plan, else its digits.

    ``region`` (ISO 3166, empty for none) says what is meant by a number without a country: 8 495 ... in
    Russia. A leading 00 is tried as the international prefix, since many write so wherever they are.
    """
    written = digits_of(text)
    for attempt in (text, f"+{written[2:]}" if written.startswith("00") else ""):
        found = _international(attempt, region)
        if found is not None:
            return found
    return written


def digits_of(text: str) -> str:
    """Return the decimal digits of a text, those of other scripts as ASCII."""
    return "".join(str(int(c)) for c in text if c.isdecimal())


def lookup_keys(phones: Iterable[Phone], emails: Iterable[Email], region: str) -> list[str]:
    """Return the normalised forms, each once: what duplicates are looked for by.

    A phone of too few digits is not one: all that have none would be each other's duplicates.
    """
    numbers = (p.normalised(region) for p in phones if len(digits_of(p.value)) >= FEWEST_DIGITS)
    return list(dict.fromkeys((*numbers, *(e.normalised() for e in emails))))


def _international(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region or None)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
