"""Sealing of secrets at rest: AES-256-GCM, bound to the place they belong to."""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12  # NIST SP 800-38D §8.2: 96 bits, random per message


class SealBrokenError(Exception):
    """The text was altered, belongs to another place, or was sealed with another key."""


class Sealer:
    """Seals with one 256-bit key. ``place`` (say ``portal/7/storage``) is authenticated, not stored."""

    def __init__(self, key: str) -> None:
        """Take the key as standard base64 of 32 bytes."""
        self._cipher = AESGCM(base64.b64decode(key, validate=True))

    def seal(self, plain: str, place: str) -> str:
        """Return ``nonce + ciphertext + tag`` in url-safe base64."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, plain.encode(), place.encode())
        return base64.urlsafe_b64encode(sealed).decode()

    def open(self, sealed: str, place: str) -> str:
        """Return the plain text, or raise ``SealBrokenError``."""
        raw = base64.urlsafe_b64decode(sealed)
        try:
            return self._cipher.decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()
            ).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError(place) from error


def new_key() -> str:
    """Return a fresh key in the form ``Sealer`` takes."""
    return base64.b64encode(AESGCM.generate_key(bit_length=256)).decode()
