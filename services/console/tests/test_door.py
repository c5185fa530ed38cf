"""The doctor looks at the front door like a client that checks whom it talks to."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from console import doctor, door
from console.installation import Installation
from console.status import Status
from kernel.settings import Door, Settings

BASE = "portico.localhost"
BOTH = (BASE, f"*.{BASE}")
PAIR = {"id": 1, "mode": "SOLO", "term": 1, "lag_ms": 0.0}


@contextmanager
def serving(certificate: Path) -> Iterator[Door]:
    """Lend a door that does nothing but TLS handshakes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answer(listener: socket.socket) -> None:
        with suppress(OSError):  # of a client that turns away, then of the end
            while True:
                connection, _ = listener.accept()
                with (
                    suppress(ssl.SSLError),
                    context.wrap_socket(connection, server_side=True) as met,
                ):
                    met.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        yield Door(https=listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def self_signed(names: tuple[str, ...], days: float) -> tuple[bytes, bytes]:
    """Return a certificate and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "door")])
    hosts = x509.SubjectAlternativeName([x509.DNSName(host) for host in names])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=99))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(hosts, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    site = {"name": "dc-a", "kind": "datacentre", "address": "127.0.0.1"}
    return Installation(
        Settings.model_validate(
            {
                "var": tmp_path,
                "sites": [site],
                "pairs": [{"id": 1, "sites": ["dc-a"]}],
                "shared_site": "dc-a",
                "regions": {"default": "dc-a"},
            }
        )
    )


def at(installation: Installation, door: Door) -> Installation:
    return Installation(installation.settings.model_copy(update={"door": door}))


def looked(installation: Installation) -> Status:
    portals = {"total": 0, "by_owner": {}}
    return Status([], [PAIR], portals, 0, door=door.look(installation))


@pytest.mark.feature("PROC-04")
@pytest.mark.parametrize(
    ("names", "days", "is_trusted", "words"),
    [
        (BOTH, 90, True, []),
        (BOTH, 14.5, True, []),
        (BOTH, 13.5, True, ["the front door's certificate ends in 13 days"]),
        (BOTH, -1, True, ["certificate has expired"]),
        ((BASE,), 90, True, [f"certificate is not valid for 'any.{BASE}'"]),
        (BOTH, 90, False, ["self-signed certificate"]),
    ],
    ids=["good", "long enough", "ends soon", "has ended", "lacks a name", "nobody vouches for it"],
)
def test_chain_names_and_days_left_of_the_certificate_are_looked_at(
    installation: Installation,
    names: tuple[str, ...],
    days: float,
    is_trusted: bool,  # noqa: FBT001  # of the table above
    words: list[str],
) -> None:
    certificate, key = self_signed(names, days)
    served = installation.settings.var / "served.pem"
    served.write_bytes(certificate + key)
    if is_trusted:
        installation.settings.authority_file.write_bytes(certificate)
    with serving(served) as front_door:
        examined = at(installation, front_door)
        found = [finding.wrong for finding in doctor.findings(examined, looked(examined))]

    assert len(found) == len(words)
    assert all(word in wrong for word, wrong in zip(words, found, strict=True))


def test_a_door_without_tls_is_told(installation: Installation) -> None:
    nobody = at(installation, Door(address="127.0.0.1", https=1))

    (finding,) = doctor.findings(nobody, looked(nobody))

    assert "https://127.0.0.1:1: no TLS connection" in finding.wrong
