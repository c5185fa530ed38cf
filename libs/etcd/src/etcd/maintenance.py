"""The seat of etcd's own leader: who has it, and how to give it to another member."""

from dataclasses import dataclass
from typing import Self

from etcd.records import Wire


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """What a member says of itself; ``leader`` is ``0`` while there is none."""

    member: str
    leader: str
    index: int
    """How much of the cluster's log it has."""

    @classmethod
    def from_wire(cls, wire: Wire) -> Self:
        """Read the answer of ``maintenance/status``."""
        member = str(wire["header"]["member_id"])
        return cls(member, str(wire.get("leader", "0")), int(wire.get("raftIndex", 0)))

    @property
    def leads(self) -> bool:
        """Tell whether it is the leader."""
        return self.member == self.leader
