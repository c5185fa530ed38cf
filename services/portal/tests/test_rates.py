"""One portal cannot take a node from the others."""

import pytest

from kernel.errors import TooManyRequestsError
from kernel.ids import PortalId
from portal.rates import BURST_SECONDS, Rates

PER_SECOND = 10
BUSY, QUIET = PortalId(1), PortalId(2)


def test_a_portal_past_its_limit_is_refused_and_told_when_to_come_back() -> None:
    rates = Rates(PER_SECOND)
    for _ in range(int(PER_SECOND * BURST_SECONDS)):
        rates.admit(BUSY)
    with pytest.raises(TooManyRequestsError) as refused:
        rates.admit(BUSY)
    assert 0 < refused.value.retry_after <= 1 / PER_SECOND


def test_the_others_are_served_meanwhile() -> None:
    rates = Rates(PER_SECOND)
    for _ in range(int(PER_SECOND * BURST_SECONDS)):
        rates.admit(BUSY)
    rates.admit(QUIET)
