"""Works fast-bitrix24 as it is on PyPI: one order a line in, one answer a line out, both JSON.

The first line are the arguments of ``BitrixAsync``. Orders: ``{"call": "get_all", "with": [...]}``.
"""

import asyncio
import json
import sys
import warnings
from typing import Any

from fast_bitrix24 import BitrixAsync


async def answer(bitrix: BitrixAsync, order: dict[str, Any]) -> dict[str, Any]:
    """Do what is ordered; what the library warns of is part of the answer."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            result = await getattr(bitrix, order["call"])(*order["with"], **order.get("named", {}))
        except Exception as error:  # noqa: BLE001  # whatever it is, the test wants to know
            return {"error": type(error).__name__, "text": str(error)}
    return {"result": result, "warnings": [str(warning.message) for warning in told]}


async def main() -> None:
    """Take orders until there are no more."""
    bitrix = BitrixAsync(**json.loads(sys.stdin.readline()))
    for line in iter(sys.stdin.readline, ""):
        told = await answer(bitrix, json.loads(line))
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
