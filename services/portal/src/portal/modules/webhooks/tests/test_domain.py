"""The rules of webhooks and of event handlers."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from kernel.ids import PortalId
from portal.modules.company.contracts import UserId
from portal.modules.webhooks.contracts import HandlerId, WebhookId
from portal.modules.webhooks.domain import patience, scopes
from portal.modules.webhooks.domain.bodies import Sender, body_of, member_id
from portal.modules.webhooks.domain.handlers import (
    Handler,
    HandlerState,
    Health,
    OffReason,
    checked_url,
    named,
    new_token,
)
from portal.modules.webhooks.domain.inbound import Webhook, hash_of, is_code, new_code
from portal.modules.webhooks.errors import EventUrlError, ScopeUnknownError, WebhookRevokedError
from portal.modules.webhooks.wiring.told import EVENTS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEBHOOK = Webhook(WebhookId(5), UserId(7), "PBX", ("crm", "user"), NOW, 1)


def handler(**fields: object) -> Handler:
    values = {
        "id": HandlerId(9),
        "url": "https://example.com/told?key=hidden",
        "events": ("ONCRMLEADADD",),
        "title": "",
        "state": HandlerState.ON,
        "off_reason": None,
        "token": "sealed",
        "cursor": 3,
        "job": 4,
        "created_at": NOW,
        "created_by": 1,
    }
    return Handler(**{**values, **fields})  # type: ignore[arg-type]  # a test's own defaults


def test_a_code_is_what_clients_accept_in_a_path() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(re.fullmatch(r"[a-z0-9]{32}", code) and is_code(code) for code in codes)


@pytest.mark.parametrize(
    "text", ["", "short", "A" * 32, "a" * 31, "a" * 65, "a" * 31 + "\n", "é" * 32]
)
def test_what_cannot_be_a_code_is_not_looked_up(text: str) -> None:
    assert not is_code(text)


def test_what_is_told_of_a_webhook_holds_no_secret() -> None:
    code = new_code()
    facts = [WEBHOOK.created(), WEBHOOK.changed("x", ("crm",))[1], WEBHOOK.revoked(NOW)[1]]
    told = repr(facts)
    assert code not in told
    assert hash_of(code).hex() not in told
    assert [fact.verb for fact in facts if fact] == ["created", "updated", "revoked"]


def test_a_change_that_changes_nothing_tells_nothing() -> None:
    assert WEBHOOK.changed(WEBHOOK.title, WEBHOOK.scopes) == (WEBHOOK, None)


def test_a_revoked_webhook_stays_revoked() -> None:
    revoked, _ = WEBHOOK.revoked(NOW)
    with pytest.raises(WebhookRevokedError):
        revoked.revoked(NOW)
    with pytest.raises(WebhookRevokedError):
        revoked.changed("again", ("crm",))


def test_use_is_noted_every_few_minutes() -> None:
    used, _ = WEBHOOK.changed("PBX", WEBHOOK.scopes)
    assert used.use_is_to_be_noted(NOW)
    noted = Webhook(WebhookId(5), UserId(7), "PBX", ("crm",), NOW, 1, last_used_at=NOW)
    assert not noted.use_is_to_be_noted(NOW + timedelta(minutes=4))
    assert noted.use_is_to_be_noted(NOW + timedelta(minutes=5))


def test_scopes_are_checked_and_put_in_order() -> None:
    assert scopes.checked([" User", "crm", "crm"]) == ("crm", "user")
    with pytest.raises(ScopeUnknownError) as refused:
        scopes.checked(["crm", "everything"])
    assert refused.value.values["given"] == ["everything"]


def test_a_webhook_may_have_every_scope_that_an_event_needs() -> None:
    assert {event.scope for event in EVENTS} <= scopes.SCOPES


def test_waits_grow_from_a_second_to_an_hour() -> None:
    waits = []
    for tries in range(1, patience.TRIES):
        due_at = patience.next_try(tries, NOW)
        assert due_at is not None
        waits.append(due_at - NOW)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=1), timedelta(hours=1))
    assert patience.next_try(patience.TRIES, NOW) is None


def test_a_silent_receiver_rests_longer_and_longer_and_not_for_ever() -> None:
    rests = [patience.rest_after(silences) for silences in range(1, 50)]
    assert rests == sorted(rests)
    assert (rests[0], rests[-1]) == (timedelta(seconds=1), patience.LONGEST_REST)


def test_only_who_takes_nothing_for_days_is_hopeless() -> None:
    since = NOW - patience.OFF_AFTER
    assert patience.is_hopeless(since, patience.OFF_AFTER_TRIES, NOW)
    assert not patience.is_hopeless(since, patience.OFF_AFTER_TRIES - 1, NOW)
    assert not patience.is_hopeless(since + timedelta(seconds=1), 10**6, NOW)
    assert not patience.is_hopeless(None, 10**6, NOW)


def test_one_event_that_is_taken_forgives_all() -> None:
    ill = Health().after(taken=0, failed=4, is_silent=True, now=NOW)
    assert ill == Health(NOW, 4, 1)
    later = ill.after(taken=0, failed=2, is_silent=False, now=NOW + timedelta(hours=1))
    assert later == Health(NOW, 6, 0)
    assert later.after(taken=0, failed=0, is_silent=False, now=NOW) == later
    assert later.after(taken=1, failed=3, is_silent=False, now=NOW) == Health()


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com/told", "ftp://example.com/", "https://", "https:///told"),
        *("https://me:secret@example.com/", "https://me@example.com/", "https://example.com/#a"),
        *("https://example.com:port/", "https://example.com:70000/", "https://пример.рф/"),
        *("https://exam ple.com/", "https://example.com/\n", "https://[::1/", "//example.com/"),
        *("https://example..com/", "https://" + "a" * 64 + ".com/", "https://exa%6dple.com/"),
        *("https://-a.com/", "https://[v1.x]/", "https://" + "a." * 127 + "example/"),
        "https://example.com/" + "a" * 2000,
    ],
)
def test_an_address_to_which_nothing_could_be_sent_is_refused(url: str) -> None:
    if url.strip() != url:
        url = url.strip() + "\r\nX: y"
    with pytest.raises(EventUrlError):
        checked_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com", "https://example.com:8443/told?a=b&c[d]=e", "http://203.0.113.9/"),
        "https://xn--e1afmkfd.xn--p1ai/told",
    ],
)
def test_any_other_address_is_taken_as_it_is(url: str) -> None:
    assert checked_url(f" {url} ") == url


def test_names_of_events_are_those_that_receivers_see() -> None:
    assert named(["onCrmLeadAdd", " ONUSERADD", "ONUSERADD"]) == ("ONCRMLEADADD", "ONUSERADD")


def test_what_is_told_of_a_handler_holds_neither_its_address_nor_its_token() -> None:
    off, fact = handler().switched_off(OffReason.FAILING, "status 500")
    told = repr([handler().created(), handler().deleted(), fact])
    assert "hidden" not in told
    assert "sealed" not in told + repr(off)
    assert fact.payload == {"reason": "failing", "error": "status 500"}


def test_a_handler_that_is_switched_on_goes_on_where_it_stopped() -> None:
    off, _ = handler(health=Health(NOW, 100, 3)).switched_off(OffReason.FAILING)
    on = off.switched_on()
    assert (on.is_on, on.off_reason, on.cursor, on.health) == (True, None, 3, Health())


def test_tokens_are_all_different() -> None:
    assert len({new_token() for _ in range(100)}) == 100


def test_a_receiver_gets_the_documented_form() -> None:
    sender = Sender(
        "acme.example",
        "https://acme.example/rest/",
        "https://example/rest/",
        member_id(PortalId(7)),
        "token",
    )
    data = {"FIELDS": {"ID": 12}, "LIST": [3, {"A": None}], "YES": True, "TEXT": "a&b=ä"}
    body = body_of("ONCRMLEADADD", HandlerId(9), data, NOW, sender)
    assert parse_qsl(body.decode(), keep_blank_values=True) == [
        ("event", "ONCRMLEADADD"),
        ("event_handler_id", "9"),
        ("data[FIELDS][ID]", "12"),
        ("data[LIST][0]", "3"),
        ("data[LIST][1][A]", ""),
        ("data[YES]", "1"),
        ("data[TEXT]", "a&b=ä"),
        ("ts", str(int(NOW.timestamp()))),
        ("auth[domain]", "acme.example"),
        ("auth[client_endpoint]", "https://acme.example/rest/"),
        ("auth[server_endpoint]", "https://example/rest/"),
        ("auth[member_id]", member_id(PortalId(7))),
        ("auth[application_token]", "token"),
    ]
    assert "token='token'" not in repr(sender)


def test_a_portal_is_known_by_32_digits_that_never_change() -> None:
    assert member_id(PortalId(7)) == "54bd7723d56baf94fb0a036c9e135359"
    assert re.fullmatch(r"[0-9a-f]{32}", member_id(PortalId(8)))
