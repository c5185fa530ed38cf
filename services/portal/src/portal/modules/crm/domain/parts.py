"""Parts of a card that consist of several texts of their own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is, as it was written; ``country_code`` is ISO 3166."""

    street: str = ""
    street2: str = ""
    city: str = ""
    postal_code: str = ""
    region: str = ""
    province: str = ""
    country: str = ""
    country_code: str = ""


@dataclass(frozen=True, slots=True)
class Utm:
    """By which advertisement a visitor came: the marks of its link."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""


NOWHERE = Address()
UNMARKED = Utm()
