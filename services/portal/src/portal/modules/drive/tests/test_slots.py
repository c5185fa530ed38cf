import pytest

from kernel.ids import PortalId
from portal.modules.drive.errors import DriveBusyError
from portal.modules.drive.service.slots import Slots

ACME, BETA = PortalId(1), PortalId(2)


def test_a_node_takes_so_many_uploads_and_refuses_the_next() -> None:
    slots = Slots(most=2, most_of_a_portal=2)
    with slots.taken(ACME), slots.taken(BETA):
        with pytest.raises(DriveBusyError) as refused, slots.taken(ACME):
            pass
        assert refused.value.retry_after > 0
    with slots.taken(ACME), slots.taken(ACME):
        pass


def test_one_portal_leaves_room_for_the_others() -> None:
    slots = Slots(most=4, most_of_a_portal=2)
    with slots.taken(ACME), slots.taken(ACME):
        with pytest.raises(DriveBusyError), slots.taken(ACME):
            pass
        with slots.taken(BETA):
            pass


def test_a_slot_is_given_back_when_the_upload_fails() -> None:
    slots = Slots(most=1, most_of_a_portal=1)
    for _ in range(3):
        with pytest.raises(RuntimeError), slots.taken(ACME):
            raise RuntimeError
