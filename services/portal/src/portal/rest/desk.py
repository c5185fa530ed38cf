"""Calls methods for one request: whether the caller may, whether there is time left, how long it took."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import Histogram

from kernel.errors import PorticoError
from kernel.messages import Catalogue
from portal.context import RequestContext
from portal.rest import envelope, failures, limits, registry
from portal.rest.envelope import Clock, Spent
from portal.rest.limits import Allowance
from portal.rest.method import Call, Caller, CallError, Method, Parameters

CALL_SECONDS = Histogram(
    "portal_rest_call_seconds",
    "Calls of compatible methods.",
    ("method", "outcome"),
    buckets=(0.005, 0.02, 0.1, 0.5, 2.0, 10.0),  # few: there are many methods
)


@dataclass(frozen=True, slots=True)
class Desk:
    """One request, by whoever's leave; ``spent`` is what its methods had used up before it."""

    context: RequestContext
    caller: Caller
    methods: registry.Registry
    catalogue: Catalogue
    allowance: Allowance
    spent: Mapping[str, Spent]
    worked: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds per method, by this request."""

    def method(self, name: str) -> Method:
        """Return the method, if the caller may call it now; else raise the documented error."""
        method = registry.allowed(self.methods, name, self.caller)
        limits.require_time(self.allowance, self.spent_on(name))
        return method

    async def run(self, method: Method, parameters: Parameters) -> dict[str, Any]:
        """Call it and return the body of its answer; raise ``CallError`` if it refuses."""
        clock, name, outcome = Clock(), method.name.lower(), "failed"
        try:
            value = await method.run(Call(self.context, parameters, self.caller))
            outcome = "done"
        except CallError:
            outcome = "refused"
            raise
        except failures.OF_THE_TRANSACTION:
            raise
        except PorticoError as error:
            outcome = "refused"
            raise failures.of_method(error, self.catalogue, self.context.locale) from error
        finally:
            seconds = clock.elapsed()
            self.worked[name] += seconds
            CALL_SECONDS.labels(method.name, outcome).observe(seconds)
        members = envelope.answered(value)
        return {**members, "time": clock.time(seconds, self.spent_on(name))}

    def spent_on(self, name: str) -> Spent:
        """Return what the method has used up by now."""
        before = self.spent.get(name) or limits.nothing_spent(time.time())
        return Spent(before.seconds + self.worked[name], before.reset_at)
