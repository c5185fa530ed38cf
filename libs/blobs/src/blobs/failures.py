"""What every call shares: its failures get their names, and what failed before an answer is tried again."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError
from prometheus_client import Counter, Histogram

from blobs.errors import StorageTimeoutError, StorageUnavailableError, refusal

T = TypeVar("T")

PAUSES = (0.1, 0.4)  # seconds before the second and the third attempt
_SECONDS = Histogram(
    "blobs_call_seconds",
    "Time from a call to the first byte of its answer, repetitions included.",
    ("operation",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0),
)
_FAILURES = Counter(
    "blobs_failures_total",
    "Calls that the object store did not answer, repetitions included.",
    ("operation", "code"),
)


async def repeated(operation: str, attempt: Callable[[], Awaitable[T]]) -> T:
    """Make a call up to three times.

    Each of ours may be repeated: it leaves the same state, or at worst an empty upload to be swept. One
    that timed out is not repeated: its caller has waited long enough.
    """
    try:
        with _SECONDS.labels(operation).time():
            return await _repeated(attempt)
    except StorageUnavailableError as error:
        _FAILURES.labels(operation, error.code).inc()
        raise


async def _repeated(attempt: Callable[[], Awaitable[T]]) -> T:
    for pause in PAUSES:
        try:
            return await attempt()
        except StorageTimeoutError:
            raise
        except StorageUnavailableError:
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # only spreads
    return await attempt()


@contextmanager
def named() -> Iterator[None]:
    """Turn the failures of aiohttp and botocore into ours."""
    try:
        yield
    except (TimeoutError, ConnectTimeoutError, ReadTimeoutError) as error:
        raise StorageTimeoutError(reason=type(error).__name__) from error
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        raise refusal(status, error.response["Error"]["Code"]) from error
    except (aiohttp.ClientError, BotoCoreError) as error:
        raise StorageUnavailableError(reason=type(error).__name__) from error
