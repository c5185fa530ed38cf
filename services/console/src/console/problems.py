"""What our services say when they fail: problem documents (RFC 9457)."""

from typing import Any

import httpx


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the document; an empty one if somebody else answered, a proxy say."""
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
