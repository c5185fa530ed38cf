"""Which facts receivers outside are told of, under which documented names: one line for each event."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from db.journal import Entry
from db.sessions import ReadSession
from portal.modules.company import facade as company
from portal.modules.company.contracts import UserId

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """An event: ``verb`` of ``entity`` in the journal, told as ``name``.

    ``scope``: what a webhook needs to ask for it. ``data`` makes the body's ``data`` of an entry.
    """

    name: str
    scope: str
    entity: str
    verb: str
    data: Callable[[ReadSession, Entry], Awaitable[Data]] = field(repr=False)


class Events:
    """Events by name and by fact."""

    def __init__(self, *groups: Iterable[Event]) -> None:
        events = [event for group in groups for event in group]
        self._by_name = {event.name: event for event in events}
        self._by_fact = {(event.entity, event.verb): event for event in events}
        if not len(self._by_name) == len(self._by_fact) == len(events):
            raise ValueError("an event is declared twice")

    def __iter__(self) -> Iterator[Event]:
        return iter(self._by_name.values())

    def of(self, entry: Entry) -> Event | None:
        """Return what the entry is told as, if it is told."""
        return self._by_fact.get((entry.entity, entry.verb))


async def by_id(_session: ReadSession, entry: Entry) -> Data:
    """Tell the id alone: whoever wants to know more asks, with his own rights."""
    return {"FIELDS": {"ID": entry.entity_id}}


async def by_person(session: ReadSession, entry: Entry) -> Data:
    """Tell the documented fields of a person, as they are when it is told first."""
    fields = await company.event_fields(session, UserId(entry.entity_id))
    return {"ID": entry.entity_id} if fields is None else fields


CRM = (
    Event("ONCRMLEADADD", "crm", "lead", "created", by_id),
    Event("ONCRMLEADUPDATE", "crm", "lead", "updated", by_id),
    Event("ONCRMLEADDELETE", "crm", "lead", "deleted", by_id),
)
COMPANY = (Event("ONUSERADD", "user", "user", "created", by_person),)

EVENTS = Events(CRM, COMPANY)
"""All that anybody can be told of."""
