"""HTTP for contacts and duplicates."""

from typing import Annotated

from fastapi import Path, Query, Response, status

from portal.context import Context
from portal.modules.crm import wiring
from portal.modules.crm.contracts import ContactId
from portal.modules.crm.domain.communications import (
    LONGEST_EMAIL,
    LONGEST_PHONE,
    Email,
    Phone,
    lookup_keys,
)
from portal.modules.crm.errors import ContactNotFoundError, DuplicatesOfNothingError
from portal.modules.crm.schemas.contacts import (
    AddedContactOut,
    ContactIn,
    ContactOut,
    DuplicateOut,
    DuplicatesOut,
)
from portal.modules.crm.schemas.fields import RowId
from portal.paging import CursorMalformedError, Page, Paging, cursor, cut
from portal.unit import router as make_router

router = make_router("/crm", "contacts")

SHAPE = "contacts"


@router.get("/contacts", summary="List contacts")
async def list_contacts(context: Context, page: Paging) -> Page[ContactOut]:
    match page.position(SHAPE):
        case None:
            after = 0
        case [int() as after] if not isinstance(after, bool) and 0 <= after < 2**63:
            pass
        case _:
            raise CursorMalformedError
    found = await wiring.contacts(context.reader).page(after=after, limit=page.limit + 1)
    contacts, more = cut(found, page.limit)
    return Page(
        items=[ContactOut.of(c) for c in contacts],
        next=cursor(SHAPE, contacts[-1].id) if more else None,
    )


@router.post(
    "/contacts",
    summary="Add a contact by hand; warns of duplicates",
    status_code=status.HTTP_201_CREATED,
)
async def add_contact(body: ContactIn, context: Context, response: Response) -> AddedContactOut:
    service = await wiring.contact_service(context)
    contact, duplicates = await service.add(body.details())
    response.headers["Location"] = f"/api/v1/crm/contacts/{contact.id}"
    return AddedContactOut(
        **ContactOut.of(contact).model_dump(), duplicates=[DuplicateOut.of(d) for d in duplicates]
    )


@router.get("/contacts/{id}", summary="Read a contact")
async def get_contact(
    contact_id: Annotated[RowId, Path(alias="id")], context: Context
) -> ContactOut:
    contact = await wiring.contacts(context.reader).find(ContactId(contact_id))
    if contact is None:
        raise ContactNotFoundError(id=contact_id)
    return ContactOut.of(contact)


@router.get("/duplicates", summary="Who is reached by a phone number or an address of mail")
async def list_duplicates(
    context: Context,
    phone: Annotated[str | None, Query(max_length=LONGEST_PHONE)] = None,
    email: Annotated[str | None, Query(max_length=LONGEST_EMAIL)] = None,
) -> DuplicatesOut:
    lists = await wiring.lists_of(context.reader)
    phones, emails = [Phone(phone)] if phone else [], [Email(email.strip())] if email else []
    keys = [key for key in lookup_keys(phones, emails, lists.customs.phone_region) if key]
    if not keys:
        raise DuplicatesOfNothingError
    return DuplicatesOut.of(await wiring.contacts(context.reader).duplicates(keys))
