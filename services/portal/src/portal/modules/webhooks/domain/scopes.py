"""The scopes there are: what a webhook may be allowed, by the documented names."""

from collections.abc import Iterable

from portal.modules.webhooks.errors import ScopeUnknownError

# A scope whose tool is not built yet allows nothing yet: integrations ask for all they know
SCOPES = frozenset(
    (
        *("bizproc", "booking", "calendar", "call", "catalog", "crm", "department", "disk"),
        *("documentgenerator", "entity", "humanresources", "im", "imbot", "imconnector"),
        *("imopenlines", "landing", "lists", "log", "mail", "mailservice", "messageservice"),
        *("placement", "pull", "rpa", "sale", "sonet_group", "task", "tasks", "telephony"),
        *("timeman", "user", "user.userfield", "user_basic", "user_brief", "userconsent"),
        *("userfieldconfig", "vote"),
    )
)


def checked(given: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes, each once and in order; raises ``ScopeUnknownError``."""
    wanted = {scope.strip().lower() for scope in given}
    unknown = sorted(wanted - SCOPES)
    if unknown:
        raise ScopeUnknownError(given=unknown, known=sorted(SCOPES))
    return tuple(sorted(wanted))
