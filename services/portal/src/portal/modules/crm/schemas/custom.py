"""The JSON of the portal's own fields."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from portal.modules.crm.contracts import CardKind
from portal.modules.crm.domain.custom import definitions
from portal.modules.crm.domain.custom.definitions import (
    HIGHEST_SORT,
    LONGEST_EXTERNAL_CODE,
    LONGEST_ITEM,
    MOST_ITEMS,
    FieldDetails,
    FieldType,
    Filtering,
    Item,
    type_of,
)
from portal.modules.crm.schemas.fields import Body, printable

LONGEST_LABEL = 255
LONGEST_LANGUAGE = 10

ItemText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_ITEM),
    AfterValidator(printable),
]
ExternalCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_EXTERNAL_CODE),
    AfterValidator(printable),
]
Purpose = Literal["form", "list", "filter", "error", "help"]
Language = Annotated[str, StringConstraints(min_length=2, max_length=LONGEST_LANGUAGE)]
Label = Annotated[str, StringConstraints(max_length=LONGEST_LABEL), AfterValidator(printable)]
Sort = Annotated[int, Field(ge=0, le=HIGHEST_SORT)]


class ItemJson(Body):
    """One choice; whoever changes the list names by ``id`` those that stay."""

    id: int = Field(0, ge=0, description="0 or none: a new one")
    value: ItemText
    sort: Sort = 500
    is_default: bool = False
    external_code: ExternalCode = Field("", description="unique in the field")

    @classmethod
    def of(cls, item: Item) -> Self:
        """Map the domain to the wire; what comes from the database is not validated again."""
        return cls.model_construct(
            id=item.id,
            value=item.value,
            sort=item.sort,
            is_default=item.is_default,
            external_code=item.external_code,
        )

    def item(self) -> Item:
        """Map the wire to the domain."""
        return Item(self.value, self.id, self.sort, self.is_default, self.external_code)


class FieldPatch(Body):
    """What to change of a field; its code and what its values are stay."""

    is_mandatory: bool = False
    sort: Sort = 100
    external_code: ExternalCode = ""
    labels: dict[Purpose, dict[Language, Label]] = Field(
        default_factory=dict, examples=[{"form": {"en": "Tariff", "de": "Tarif"}}]
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="`default` (`now` for a date); `precision` of a double; `list` of a crm_status; "
        "the rest is kept for those who show the field",
    )
    items: list[ItemJson] = Field(default_factory=list, max_length=MOST_ITEMS)
    filtering: Filtering = Filtering.NONE
    is_listed: bool = True
    is_editable: bool = True
    is_searchable: bool = False

    def given(self) -> dict[str, Any]:
        """Return the fields that were sent, as the domain has them."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "items" in given:
            given["items"] = tuple(item.item() for item in self.items)
        return given


class FieldIn(FieldPatch):
    """A field to add to leads."""

    code: str = Field(description="A-Z, 0-9 and _", examples=["TARIFF"])
    type: str = Field(description=", ".join(FieldType), examples=["enumeration"])
    is_multiple: bool = False

    def details(self) -> FieldDetails:
        """Map the wire to the domain; raises the errors of a type that is not there."""
        return FieldDetails(**{**self.given(), "type": type_of(self.type)})


class FieldOut(BaseModel):
    """A field of the portal's own."""

    id: int
    card: CardKind
    code: str
    type: FieldType
    is_multiple: bool
    is_mandatory: bool
    sort: int
    external_code: str
    labels: dict[str, dict[str, str]]
    settings: dict[str, Any]
    items: list[ItemJson]
    filtering: Filtering
    is_listed: bool
    is_editable: bool
    is_searchable: bool

    @classmethod
    def of(cls, field: definitions.Field) -> Self:
        """Map the domain to the wire."""
        details = field.details
        return cls(
            id=field.id,
            card=field.entity,
            code=details.code,
            type=details.type,
            is_multiple=details.is_multiple,
            is_mandatory=details.is_mandatory,
            sort=details.sort,
            external_code=details.external_code,
            labels={purpose: dict(texts) for purpose, texts in details.labels.items()},
            settings=dict(details.settings),
            items=[ItemJson.of(item) for item in details.items],
            filtering=details.filtering,
            is_listed=details.is_listed,
            is_editable=details.is_editable,
            is_searchable=details.is_searchable,
        )


class FieldsOut(BaseModel):
    """The fields of the portal's own, in their order."""

    items: list[FieldOut]
