"""The JSON of an address, and of the marks by which a visitor came."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from portal.modules.crm.domain.leads import LONGEST_PART
from portal.modules.crm.schemas.fields import Body, printable

Part = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_PART),
    AfterValidator(printable),
]


class AddressJson(Body):
    """Where somebody is; a part that is not sent stays as it is."""

    street: Part = ""
    street2: Part = ""
    city: Part = ""
    postal_code: Part = ""
    region: Part = ""
    province: Part = ""
    country: Part = ""
    country_code: Part = Field("", examples=["DE"])


class UtmJson(Body):
    """The marks of the link by which a visitor came; a part that is not sent stays as it is."""

    source: Part = Field("", examples=["google"])
    medium: Part = ""
    campaign: Part = ""
    content: Part = ""
    term: Part = ""
