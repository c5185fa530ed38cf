"""Works b24pysdk as it is on PyPI: one order a line in, one answer a line out, both JSON.

The first line are the arguments of ``BitrixWebhook``. Orders: ``{"method": "crm.lead.list", "with": {...}}``,
the same with ``"as": "list"`` or ``"fast"`` for all pages, and ``{"batches": [orders]}``.
"""

import json
import sys
import traceback
import warnings
from functools import reduce
from typing import Any

from b24pysdk import BitrixWebhook, Client


def request(client: Client, order: dict[str, Any]) -> Any:
    """Return the library's own request, not sent yet: ``crm.lead.list`` is ``client.crm.lead.list(...)``."""
    called = reduce(getattr, order["method"].split("."), client)(**order.get("with", {}))
    match order.get("as"):
        case "list":
            return called.as_list()
        case "fast":
            return called.as_list_fast()
        case _:
            return called


def result(client: Client, order: dict[str, Any]) -> Any:
    """Send what is ordered; return what the library makes of the answer."""
    if "batches" in order:
        calls = [request(client, each) for each in order["batches"]]
        answered = client.call_batches(calls).result.result
        return [answered[str(number)] for number in range(len(calls))]
    found = request(client, order).result
    return list(found) if order.get("as") == "fast" else found


def answer(client: Client, order: dict[str, Any]) -> dict[str, Any]:
    """Do what is ordered; what the library warns of is part of the answer."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            found = result(client, order)
        except Exception as error:  # noqa: BLE001  # whatever it is, the test wants to know
            traceback.print_exc()
            return {"error": type(error).__name__, "text": str(error)}
    return {"result": found, "warnings": [str(warning.message) for warning in told]}


def main() -> None:
    """Take orders until there are no more."""
    client = Client(BitrixWebhook(**json.loads(sys.stdin.readline())))
    for line in iter(sys.stdin.readline, ""):
        sys.stdout.write(json.dumps(answer(client, json.loads(line)), default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
