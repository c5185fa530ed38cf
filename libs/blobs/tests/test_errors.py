"""Each way to fail has its kind, and its text in every language."""

from pathlib import Path

import pytest

import blobs
from blobs import errors
from blobs.errors import (
    AccessDeniedError,
    BlobNotFoundError,
    StorageRefusedError,
    StorageTimeoutError,
    StorageUnavailableError,
    refusal,
)
from kernel.errors import PorticoError
from kernel.messages import load

OURS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type)
    and issubclass(kind, PorticoError)
    and kind.__module__ == "blobs.errors"
]


def test_every_code_has_a_text_in_every_language() -> None:
    catalogue = load([Path(blobs.__file__).with_name("messages.toml")])

    assert catalogue.missing() == []
    assert catalogue.codes == {kind.code for kind in OURS}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchKey", BlobNotFoundError),
        (404, "404", BlobNotFoundError),
        (404, "NoSuchBucket", StorageRefusedError),
        (403, "SignatureDoesNotMatch", AccessDeniedError),
        (400, "InvalidArgument", StorageRefusedError),
        (429, "429", StorageUnavailableError),
        (503, "SlowDown", StorageUnavailableError),
        (408, "RequestTimeout", StorageTimeoutError),
        (500, "", StorageUnavailableError),
    ],
)
def test_an_answer_of_the_storage_becomes_the_nearest_kind(
    status: int, code: str, kind: type[PorticoError]
) -> None:
    assert type(refusal(status, code)) is kind
