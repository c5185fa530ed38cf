"""All methods by their names in lower case: clients write them in any."""

from collections.abc import Iterable, Mapping

from portal.rest import core
from portal.rest.method import Caller, CallError, Method

Registry = Mapping[str, Method]


def gathered(*groups: Iterable[Method]) -> Registry:
    """Return the methods of all modules and the core ones; the same name twice is a mistake."""
    methods: dict[str, Method] = {}
    for method in (*core.over(methods), *(m for group in groups for m in group)):
        name = method.name.lower()
        if name in methods:
            raise ValueError(f"the method {name!r} is declared twice")
        methods[name] = method
    return methods


def allowed(registry: Registry, name: str, caller: Caller) -> Method:
    """Return the method, if the caller may call it; raise the documented errors."""
    method = registry.get(name)
    if method is None:
        raise CallError(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
    if method.scopes and not caller.scopes.intersection(method.scopes):
        raise CallError(
            403,
            "insufficient_scope",
            f"The request requires higher privileges than provided by the {caller.kind} token",
        )
    if method.admin and caller.role != "admin":
        raise CallError(403, "ACCESS_DENIED", "Access denied.")
    return method
