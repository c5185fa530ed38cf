"""The state of a sign-up: what the claim keeps of it, and who may take it over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from blobs.keys import AccessKey, Account
from kernel.ids import PairId, PortalId
from kernel.sealing import SealBrokenError, Sealer, new_key
from signup import recovery, saga
from signup.directory import Claim
from signup.form import Application
from signup.recovery import Sightings, is_hopeless
from signup.saga import Credentials, Saga, Serving

SEALER = Sealer(new_key())
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
APPLICATION = Application("Acme", "acme", "boss@acme.example", "Anna", None, "de", "eu")
NEW = Saga(
    portal=PortalId(7),
    pair=PairId(1),
    home="dc-a",
    application=APPLICATION,
    credentials=Credentials("$argon2id$hash", "the-token"),
    started_at=NOON,
    step="storage",
    runner="r1",
)
LATER = replace(
    NEW,
    step="rows",
    idempotency="idempotency/signup/abc",
    serving=Serving("dc-b", 3, 17, "dc-a", needs_standby=True),
    account=Account("portal-7", AccessKey("AK", "the-secret")),
    user=1,
)


@pytest.mark.parametrize("state", [NEW, LATER])
def test_a_saga_is_read_as_it_was_written(state: Saga) -> None:
    document = orjson.loads(orjson.dumps(state.document(SEALER)))

    assert saga.load(PortalId(7), "acme", document, SEALER) == state


def test_the_host_is_the_one_the_routing_service_wrote() -> None:
    read = saga.load(PortalId(7), "xn--80aswg", NEW.document(SEALER), SEALER)

    assert read.application.host == "xn--80aswg"


def test_nothing_personal_or_secret_is_kept_in_the_open() -> None:
    text = orjson.dumps(LATER.document(SEALER)).decode() + repr(LATER)
    hidden = ["the-token", "the-secret", "$argon2id$hash"]

    assert [h for h in hidden if h in text] == []
    assert "boss@acme.example" not in orjson.dumps(LATER.document(SEALER)).decode()


def test_a_sealed_part_does_not_open_in_another_claim() -> None:
    with pytest.raises(SealBrokenError):
        saga.load(PortalId(8), "acme", NEW.document(SEALER), SEALER)


def test_a_published_claim_keeps_no_secret_and_no_name() -> None:
    assert LATER.epitaph() == {"runner": "r1", "user": 1}


def test_each_state_that_is_written_differs_from_all_others() -> None:
    written = [NEW, NEW.saved_once_more(), NEW.taken_over(), NEW.taken_over()]
    documents = [{k: v for k, v in w.document(SEALER).items() if k != "sealed"} for w in written]

    assert all(documents.count(d) == 1 for d in documents)


def claim(revision: int, portal: int = 7) -> Claim:
    return Claim(PortalId(portal), "acme", "claimed", {}, revision)


def test_a_claim_is_left_once_it_has_not_moved_for_ten_seconds_of_our_own_clock() -> None:
    sightings = Sightings()

    assert sightings.untouched([claim(5)], at=100.0) == []
    assert sightings.untouched([claim(5)], at=109.9) == []
    assert sightings.untouched([claim(5)], at=110.0) == [claim(5)]


def test_a_claim_that_moves_is_at_work() -> None:
    sightings = Sightings()

    for second in range(0, 60, 2):
        assert sightings.untouched([claim(second // 8)], at=float(second)) == []


def test_a_claim_that_was_gone_is_seen_anew() -> None:
    sightings = Sightings()
    sightings.untouched([claim(5)], at=0.0)
    sightings.untouched([], at=6.0)

    assert sightings.untouched([claim(5)], at=12.0) == []


@pytest.mark.parametrize(
    ("left", "after", "hopeless"),
    [
        (NEW, timedelta(seconds=11), False),
        (NEW, timedelta(minutes=11), True),
        (replace(NEW, undoing=True), timedelta(seconds=11), True),
        (replace(NEW, takeovers=recovery.MOST_TAKEOVERS), timedelta(seconds=11), True),
        (NEW, timedelta(hours=-1), False),
    ],
)
def test_only_what_cannot_be_completed_is_undone(
    left: Saga, after: timedelta, *, hopeless: bool
) -> None:
    assert is_hopeless(left, NOON + after) is hopeless
