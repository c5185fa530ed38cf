"""Facts: what a module tells the rest of the portal about a change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, said in the past tense (``verb``: ``created``, ``updated`` ...).

    ``payload`` holds what a reader needs, as JSON-able values.
    """

    entity: str
    entity_id: int
    verb: str
    payload: Mapping[str, Any] = field(default_factory=dict)
