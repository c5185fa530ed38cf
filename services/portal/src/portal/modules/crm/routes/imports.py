"""HTTP for imports of leads: the file goes up as it is, and a job makes leads of it."""

from dataclasses import replace
from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Path, Query, Request, Response, status

from db.sessions import WriteSession
from kernel.errors import TooLargeError
from portal import idempotency
from portal.context import Context
from portal.modules.crm import wiring
from portal.modules.crm.contracts import ListKind
from portal.modules.crm.domain.importing.limits import MOST_BYTES, MOST_LINES
from portal.modules.crm.domain.importing.order import ImportId, ImportOrder
from portal.modules.crm.domain.leads import LONGEST_CODE
from portal.modules.crm.errors import ImportInterruptedError, ImportNotFoundError, NotCsvError
from portal.modules.crm.routes.exports import DELIMITERS, Delimiter
from portal.modules.crm.schemas.fields import RowId
from portal.modules.crm.schemas.imports import ImportOut, Text
from portal.modules.crm.service.leads import known
from portal.modules.crm.service.receiving import Wishes
from portal.modules.crm.wiring import imports as files
from portal.paging import CursorMalformedError, Paging, cursor, cut
from portal.streams import chunks_of
from portal.unit import StreamingRoute, transaction
from portal.unit import router as make_router

CSV: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
}

uploads = make_router("/crm/leads/imports", "leads", kind=StreamingRoute)
router = make_router("/crm/leads/imports", "leads")


async def _wishes(
    encoding: Annotated[
        Literal["auto", "utf-8", "cp1251"],
        Query(description="auto: UTF-8 if the file mostly keeps its rules, else cp1251"),
    ] = "auto",
    delimiter: Annotated[
        Literal["auto"] | Delimiter,
        Query(description="auto: the one that makes sense of the header"),
    ] = "auto",
    dry_run: Annotated[bool, Query(description="only say what would happen")] = False,  # noqa: FBT002  # a parameter of a query
    source: Annotated[
        str | None,
        Query(max_length=LONGEST_CODE, description="code of the source of rows that name none"),
    ] = None,
) -> Wishes:
    return Wishes(
        encoding=None if encoding == "auto" else encoding,
        delimiter=None if delimiter == "auto" else DELIMITERS[delimiter],
        dry_run=dry_run,
        source=source,
    )


async def _texts(request: Request, context: Context) -> Text:
    return lambda code, values: request.app.state.messages.text(code, context.locale, values)


Texts = Annotated[Text, Depends(_texts)]


@uploads.post(
    "",
    summary="Import leads from CSV",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=ImportOut,
    openapi_extra=CSV,
    description=f"""The body is the file: RFC 4180, at most {MOST_BYTES >> 20} MiB and {MOST_LINES:,} lines,
the first of which names the columns in our words or in common ones (English, Russian, Ukrainian, German).
A column `title` is needed. A job makes leads of the rows: `Location` says where to ask how it gets on.

A row whose `external_id` a lead has already is skipped; so is one without it that was imported before.""",
)
async def start_import(
    request: Request, context: Context, wishes: Annotated[Wishes, Depends(_wishes)], text: Texts
) -> Response:
    _require_csv(request)
    async with context.reading() as session:
        bucket = await files.bucket_of(context, session)
        lists = await wiring.lists_of(session)
    if wishes.source is not None:
        wishes = replace(wishes, source=known(lists, ListKind.LEAD_SOURCE, wishes.source))
    with files.slot(context):
        order, sha256 = await files.receive(
            bucket, chunks_of(request, ImportInterruptedError), wishes, context.now()
        )
    key = idempotency.key_of_stream(request, context.identity, _description(wishes, sha256))

    async def begin(session: WriteSession) -> Response:
        return await idempotency.once(session, key, lambda: _begun(session, order, text))

    answer = await transaction(context, begin)
    if idempotency.REPLAYED in answer.headers:
        await bucket.delete(order.key)  # the first request with this key has sent the file already
    return answer


@router.get("/{id}", summary="How an import of leads gets on")
async def get_import(
    import_id: Annotated[RowId, Path(alias="id")], context: Context, page: Paging, text: Texts
) -> ImportOut:
    imports = files.imports(context.reader)
    asked = await imports.find(ImportId(import_id))
    if asked is None:
        raise ImportNotFoundError(id=import_id)
    shape = f"import:{import_id}"
    match page.position(shape):
        case None:
            after = 0
        case [int() as after] if 0 <= after < 2**31:
            pass
        case _:
            raise CursorMalformedError
    found = await imports.problems(asked.id, after=after, limit=page.limit + 1)
    problems, more = cut(found, page.limit)
    behind = cursor(shape, problems[-1][0]) if more else None
    return ImportOut.of(asked, [problem for _, problem in problems], behind, text)


def _require_csv(request: Request) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != "text/csv":
        raise NotCsvError(given=given)
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MOST_BYTES:
        raise TooLargeError(limit=MOST_BYTES)


def _description(wishes: Wishes, sha256: str) -> bytes:
    """Return what tells one request from another: the file and what is to be done with it."""
    return orjson.dumps([sha256, wishes])


async def _begun(session: WriteSession, order: ImportOrder, text: Text) -> Response:
    imports = files.import_store(session)
    import_id = await imports.begin(order)
    asked = await imports.find(import_id)
    assert asked is not None  # noqa: S101  # this transaction has just written it
    return Response(
        ImportOut.of(asked, [], None, text).model_dump_json(),
        status.HTTP_202_ACCEPTED,
        {"Location": f"/api/v1/crm/leads/imports/{import_id}"},
        "application/json",
    )
