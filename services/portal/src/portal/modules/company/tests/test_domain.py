from datetime import UTC, date, datetime, timedelta

import pytest

from kernel.errors import ForbiddenError, UnauthenticatedError
from portal.modules.company.contracts import UserId, UserRole, UserState
from portal.modules.company.domain.people import COMPANYS_OWN, Editor, User, normalised_email
from portal.modules.company.domain.profiles import Gender, is_time_zone
from portal.modules.company.domain.sessions import (
    LOGIN_FAILURES,
    LOGIN_WINDOW,
    LoginFailures,
    require_good_password,
    token_hash,
)
from portal.modules.company.errors import (
    AlreadyDismissedError,
    NotDismissedError,
    NotInvitedError,
    OwnDismissalError,
    PasswordWeakError,
)

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


BY = UserId(7)


def invited() -> User:
    return User(
        UserId(2), "b@acme.ru", "", "", UserRole.EMPLOYEE, UserState.INVITED, "ru", None, NOON
    )


def test_a_dismissed_person_keeps_his_name() -> None:
    dismissed, fact = ANNA.dismiss(BY, NOON)
    assert (dismissed.state, dismissed.full_name) == (UserState.DISMISSED, "Анна Каренина")
    assert (fact.entity, fact.entity_id, fact.verb) == ("user", 1, "dismissed")


def test_nobody_is_dismissed_twice() -> None:
    dismissed, _ = ANNA.dismiss(BY, NOON)
    with pytest.raises(AlreadyDismissedError):
        dismissed.dismiss(BY, NOON)


def test_who_comes_back_is_active_if_he_ever_was() -> None:
    dismissed, _ = ANNA.dismiss(BY, NOON)
    back, fact = dismissed.restore(BY, NOON, has_password=True)
    assert (back.state, back.dismissed_at) == (UserState.ACTIVE, None)
    assert (fact.verb, fact.payload) == ("restored", {"state": "active"})
    guest, _ = dismissed.restore(BY, NOON, has_password=False)
    assert guest.state is UserState.INVITED


def test_nobody_dismisses_himself() -> None:
    with pytest.raises(OwnDismissalError):
        ANNA.dismiss(ANNA.id, NOON)


def test_a_dismissed_administrator_whose_session_a_node_still_knows_does_not_take_himself_back() -> (
    None
):
    dismissed, _ = ANNA.dismiss(BY, NOON)
    with pytest.raises(UnauthenticatedError):
        dismissed.restore(ANNA.id, NOON, has_password=True)


def test_only_who_was_dismissed_comes_back() -> None:
    with pytest.raises(NotDismissedError):
        ANNA.restore(BY, NOON, has_password=True)


def test_what_changes_is_told_with_what_was() -> None:
    given = {"middle_name": "Аркадьевна", "birthday": date(1840, 1, 1), "gender": Gender.FEMALE}
    anna, changes = ANNA.updated({**given, "first_name": "Анна"}, NOON)
    assert (anna.middle_name, anna.profile.birthday) == ("Аркадьевна", date(1840, 1, 1))
    assert changes == {
        "middle_name": {"old": "", "new": "Аркадьевна"},
        "gender": {"old": None, "new": "female"},
        "birthday": {"old": None, "new": "1840-01-01"},
    }
    assert anna.updated_at == NOON


def test_nothing_changed_is_nothing_told() -> None:
    assert ANNA.updated({"first_name": "Анна", "city": ""}, NOON) == (ANNA, {})


def test_a_new_address_is_one_that_nobody_has_confirmed() -> None:
    moved, _ = ANNA.updated({"email": "anna@beta.de"}, NOON)
    assert moved.confirmed_at is None
    renamed, _ = ANNA.updated({"last_name": "Облонская"}, NOON)
    assert renamed.confirmed_at == NOON


def test_everybody_writes_his_own_profile_and_nobody_elses() -> None:
    anna = Editor(ANNA.id, is_administrator=False)
    anna.require_may_change(ANNA.id, {"city", "birthday", "first_name"})
    with pytest.raises(ForbiddenError):
        anna.require_may_change(UserId(2), {"city"})


@pytest.mark.parametrize("name", sorted(COMPANYS_OWN))
def test_what_the_company_says_of_a_person_an_administrator_writes(name: str) -> None:
    Editor(UserId(2), is_administrator=True).require_may_change(ANNA.id, {name})
    with pytest.raises(ForbiddenError):
        Editor(ANNA.id, is_administrator=False).require_may_change(ANNA.id, {name})


@pytest.mark.parametrize("name", ["Europe/Moscow", "Europe/Kyiv", "America/Indiana/Knox", "UTC"])
def test_a_time_zone_of_the_database_is_known(name: str) -> None:
    assert is_time_zone(name)


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../etc/passwd", "Europe", "/UTC", "Europe/Moscow\n", "x" * 5000]
)
def test_nothing_else_is_a_time_zone(name: str) -> None:
    assert not is_time_zone(name)


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
