from datetime import UTC, datetime, timedelta

import pytest

from portal.modules.company.contracts import UserId, UserRole, UserState
from portal.modules.company.domain import (
    LOGIN_FAILURES,
    LOGIN_WINDOW,
    LoginFailures,
    User,
    normalised_email,
    require_good_password,
    token_hash,
)
from portal.modules.company.errors import AlreadyDismissedError, NotInvitedError, PasswordWeakError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ANNA = User(
    UserId(1),
    "anna@acme.ru",
    "Анна",
    "Каренина",
    UserRole.EMPLOYEE,
    UserState.ACTIVE,
    "ru",
    NOON,
    NOON,
)


def invited() -> User:
    return User(
        UserId(2), "b@acme.ru", "", "", UserRole.EMPLOYEE, UserState.INVITED, "ru", None, NOON
    )


def test_a_dismissed_person_keeps_his_name() -> None:
    dismissed, fact = ANNA.dismiss(NOON)
    assert (dismissed.state, dismissed.full_name) == (UserState.DISMISSED, "Анна Каренина")
    assert (fact.entity, fact.entity_id, fact.verb) == ("user", 1, "dismissed")


def test_nobody_is_dismissed_twice() -> None:
    dismissed, _ = ANNA.dismiss(NOON)
    with pytest.raises(AlreadyDismissedError):
        dismissed.dismiss(NOON)


def test_taking_up_an_invitation_confirms_the_address() -> None:
    active, _ = invited().accept("Борис", "", NOON)
    assert (active.state, active.confirmed_at, active.first_name) == (
        UserState.ACTIVE,
        NOON,
        "Борис",
    )


def test_an_active_person_has_no_invitation_to_take_up() -> None:
    with pytest.raises(NotInvitedError):
        ANNA.accept("", "", NOON)


def test_confirming_again_keeps_the_first_moment() -> None:
    confirmed, _ = ANNA.confirm(NOON + timedelta(days=1))
    assert confirmed.confirmed_at == NOON


def test_a_person_without_a_name_is_known_by_his_address() -> None:
    assert invited().full_name == "b@acme.ru"


def test_wrong_passwords_block_until_their_window_is_over() -> None:
    failures = LoginFailures(0, NOON)
    for _ in range(LOGIN_FAILURES):
        assert failures.blocked_for(NOON) is None
        failures = failures.and_another(NOON)
    assert failures.blocked_for(NOON + timedelta(minutes=1)) == LOGIN_WINDOW - timedelta(minutes=1)
    assert failures.blocked_for(NOON + LOGIN_WINDOW) is None


def test_an_old_window_does_not_count() -> None:
    old = LoginFailures(LOGIN_FAILURES, NOON)
    later = NOON + LOGIN_WINDOW
    assert old.and_another(later) == LoginFailures(1, later)


@pytest.mark.parametrize("password", ["1234567", "x" * 129, "anna@acme.ru", "ANNA@acme.ru"])
def test_a_bad_password_is_refused(password: str) -> None:
    with pytest.raises(PasswordWeakError):
        require_good_password(password, "anna@acme.ru")


@pytest.mark.parametrize("password", ["12345678", "x" * 128, "пароль по-русски"])
def test_a_long_enough_password_is_taken(password: str) -> None:
    require_good_password(password, "anna@acme.ru")


def test_two_spellings_of_an_address_meet() -> None:
    assert normalised_email(" Anna@ACME.ru ") == "anna@acme.ru"


def test_a_token_is_never_stored_as_it_is() -> None:
    assert len(token_hash("secret")) == 32
    assert b"secret" not in token_hash("secret")
