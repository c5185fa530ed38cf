"""Which deliveries may be tried now: those of one lead one after another, those of different ones at once.

A delivery that failed holds back whatever comes later about the same entity, and nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from portal.modules.webhooks.contracts import DeliveryId
from portal.modules.webhooks.domain.patience import next_try

Entity = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a receiver. Without ``id`` it is not written down (yet).

    ``due_at``: when to try next; ``None``: never by itself, it is a dead letter.
    """

    entry: int
    event: str
    entity: Entity
    happened_at: datetime
    data: dict[str, Any] = field(repr=False)
    due_at: datetime | None
    id: DeliveryId | None = None
    tries: int = 0
    error: str = ""

    def failed(self, why: str, now: datetime) -> "Delivery":
        """Return it after one more try that failed."""
        tries = self.tries + 1
        return replace(self, tries=tries, error=why, due_at=next_try(tries, now))


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that nobody tries any more, and since when."""

    delivery: Delivery
    died_at: datetime


def lanes(
    waiting: Iterable[Delivery], fresh: Iterable[Delivery], now: datetime
) -> tuple[list[list[Delivery]], list[Delivery]]:
    """Return what may be tried now, entity by entity and in order, and what is held back.

    ``waiting`` are those that failed or were held back before; all of ``fresh`` come after them.
    """
    by_entity: dict[Entity, list[Delivery]] = {}
    for delivery in (*sorted(waiting, key=_order), *sorted(fresh, key=_order)):
        by_entity.setdefault(delivery.entity, []).append(delivery)
    open_lanes = [lane for lane in by_entity.values() if _is_due(lane[0], now)]
    held = [one for lane in by_entity.values() if not _is_due(lane[0], now) for one in lane]
    return open_lanes, held


def next_due(left: Sequence[Delivery]) -> datetime | None:
    """Return when the first of what is left may be tried; ``None`` if nothing is left."""
    heads: dict[Entity, Delivery] = {}
    for delivery in sorted(left, key=_order):
        heads.setdefault(delivery.entity, delivery)
    moments = [head.due_at for head in heads.values() if head.due_at is not None]
    return min(moments, default=None)


def _is_due(delivery: Delivery, now: datetime) -> bool:
    return delivery.due_at is not None and delivery.due_at <= now


def _order(delivery: Delivery) -> int:
    return delivery.entry
