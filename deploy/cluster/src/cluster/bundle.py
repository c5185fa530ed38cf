"""A server's certificate as HAProxy takes it: one PEM file with the certificate, its chain, and its key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from cluster.errors import ClusterError


@dataclass(frozen=True)
class Bundle:
    """A certificate, those that vouch for it in their order, and its private key."""

    chain: tuple[x509.Certificate, ...]
    key: PrivateKeyTypes = field(repr=False)

    @property
    def certificate(self) -> x509.Certificate:
        """The server's own."""
        return self.chain[0]

    @property
    def names(self) -> frozenset[str]:
        """The host names it is for, as they stand in it: ``*.portico.localhost``."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except x509.ExtensionNotFound:
            return frozenset()
        return frozenset(name.lower() for name in found.value.get_values_for_type(x509.DNSName))

    def pem(self) -> bytes:
        """Return the file; without empty lines, which would end it in HAProxy's administration."""
        certificates = (c.public_bytes(serialization.Encoding.PEM) for c in self.chain)
        return b"".join([*certificates, key_pem(self.key)])


def key_pem(key: PrivateKeyTypes) -> bytes:
    """Return a private key, not encrypted: the file's mode protects it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def read(pem: bytes) -> Bundle:
    """Read a file; raise with what it lacks."""
    try:
        chain = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise ClusterError("the file has no certificate in PEM") from error
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise ClusterError("the private key is encrypted: give one that is not") from error
    except ValueError as error:
        raise ClusterError(
            "the file has no private key in PEM; it belongs behind the certificates"
        ) from error
    return Bundle(tuple(chain), key)


def check(bundle: Bundle, names: Sequence[str], now: datetime) -> None:
    """Raise with all reasons not to serve the names with it."""
    if faults := list(_faults(bundle, names, now)):
        raise ClusterError(f"this certificate cannot be used: {'; '.join(faults)}")


def _faults(bundle: Bundle, names: Sequence[str], now: datetime) -> Iterator[str]:
    if bundle.key.public_key() != bundle.certificate.public_key():
        yield "the key belongs to another certificate"
    if lacking := [name for name in names if name not in bundle.names]:
        yield f"it is not for {' and '.join(lacking)}"
    if not _is_for_servers(bundle.certificate):
        yield "it is not for servers"
    for certificate in bundle.chain:
        yield from _out_of_date(certificate, now)
    for child, parent in pairwise(bundle.chain):
        if not is_issued_by(child, parent):
            whose = parent.subject.rfc4514_string()
            yield f"its chain is broken: {whose} did not sign what stands before it"


def _out_of_date(certificate: x509.Certificate, now: datetime) -> Iterator[str]:
    name = certificate.subject.rfc4514_string() or "the certificate"
    if certificate.not_valid_after_utc <= now:
        yield f"{name} ended on {certificate.not_valid_after_utc:%Y-%m-%d}"
    elif certificate.not_valid_before_utc > now:
        yield f"{name} begins on {certificate.not_valid_before_utc:%Y-%m-%d}"


def _is_for_servers(certificate: x509.Certificate) -> bool:
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.SERVER_AUTH in uses


def is_issued_by(child: x509.Certificate, parent: x509.Certificate) -> bool:
    """Tell whether the parent's key has signed the child."""
    try:
        child.verify_directly_issued_by(parent)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True
