"""Waits until HTTP servers serve."""

import http.client
import time
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import urlsplit

READY_SECONDS = 60.0  # well under a second on a quiet machine
ANSWER_SECONDS = 5.0


def wait_for(urls: Iterable[str]) -> None:
    """Wait until each URL answers 200; ``TimeoutError`` names those that do not."""
    awaited, deadline = tuple(urls), time.monotonic() + READY_SECONDS
    while lame := [url for url in awaited if not is_ready(url)]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not ready: {', '.join(lame)}")
        time.sleep(0.05)


def is_ready(url: str) -> bool:
    """Tell whether the URL answers 200 within some seconds."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
