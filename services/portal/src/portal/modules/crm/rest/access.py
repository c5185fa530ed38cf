"""What only administrators may do, refused as the documentation of each family says."""

from portal.rest.method import Call, CallError


def require_administrator(call: Call, status: int = 400) -> None:
    """Raise the documented refusal unless an administrator calls."""
    if call.caller.role != "admin":
        raise CallError(status, "", "Access denied.")
