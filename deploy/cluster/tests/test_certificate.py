"""The front door's certificate: made by an authority of our own, replaced while the real HAProxy serves."""

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification

from cluster import authority, bundle, certificate
from cluster.authority import Authority
from cluster.bundle import Bundle, key_pem
from cluster.errors import ClusterError
from cluster.layout import Layout

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

NOW = datetime.now(UTC)
READY_SECONDS = 20.0
HOST = "acme.portico.localhost"
NAMES = ("portico.localhost", "*.portico.localhost")
ASKED = f"GET /internal HTTP/1.1\r\nHost: {HOST}\r\n"


def own(
    names: tuple[str, ...] = NAMES,
    *,
    begins: timedelta = timedelta(days=-2),
    ends: timedelta = timedelta(days=30),
    key: Key | None = None,
) -> Bundle:
    """Return a certificate as an operator buys it: from elsewhere, with a link in between."""
    root, link, key = new_key(), new_key(), key or new_key()
    hosts = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    above = _statement("Link", link, "Root", NOW - timedelta(days=9), NOW + timedelta(days=99))
    leaf = _statement("Leaf", key, "Link", NOW + begins, NOW + ends).add_extension(hosts, False)
    return Bundle((leaf.sign(link, hashes.SHA256()), above.sign(root, hashes.SHA256())), key)


def _statement(
    subject: str, key: Key, issuer: str, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class Door:
    """The door's HAProxy, with nobody behind it."""

    def __init__(self, layout: Layout, process: "subprocess.Popen[bytes]") -> None:
        self.layout = layout
        self.process = process
        self._settings = layout.settings.door

    def connect(self, host: str = HOST, *speaks: str) -> ssl.SSLSocket:
        """Connect like a client that trusts our authority only."""
        trust = ssl.create_default_context(cafile=self.layout.settings.authority_file)
        trust.set_alpn_protocols(speaks)
        return self._wrapped(trust, host)

    def listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex((self._settings.address, self._settings.https)) == 0

    def serial(self) -> int:
        """Return the serial number that a new connection meets."""
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with self._wrapped(anybody, HOST) as connection:
            return serial(connection)

    def _wrapped(self, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
        address = (self._settings.address, self._settings.https)
        return context.wrap_socket(
            socket.create_connection(address, READY_SECONDS), server_hostname=host
        )


def serial(connection: ssl.SSLSocket) -> int:
    return x509.load_der_x509_certificate(connection.getpeercert(True) or b"").serial_number


@pytest.fixture
def door(full: Layout) -> Iterator[Door]:
    file = full.config(full.settings.shared_site, "door.cfg")
    with subprocess.Popen(["haproxy", "-db", "-f", file], stderr=subprocess.DEVNULL) as process:
        door = Door(full, process)
        deadline = time.monotonic() + READY_SECONDS
        while not door.listens() and time.monotonic() < deadline:
            time.sleep(0.02)
        yield door
        process.terminate()


def test_any_client_that_trusts_our_authority_is_served(door: Door) -> None:
    for host in (HOST, "portico.localhost", "localhost", door.layout.settings.door.address):
        with door.connect(host, "h2", "http/1.1") as connection:
            assert connection.selected_alpn_protocol() == "h2"
            assert connection.version() == "TLSv1.3"


def test_our_authority_vouches_for_our_own_names_only(full: Layout) -> None:
    """Not even by its own key: what a browser is told to trust must be good for nothing else."""
    ours = Authority.read(
        full.settings.authority_file.read_bytes(), full.authority_key_file.read_bytes()
    )
    elsewhere = full.settings.model_copy(update={"base_domain": "example.com"})
    store = verification.Store([ours.certificate])
    verifier = verification.PolicyBuilder().store(store).time(NOW)

    good, forged = (ours.issue(settings, NOW) for settings in (full.settings, elsewhere))
    verifier.build_server_verifier(x509.DNSName(HOST)).verify(good.certificate, [])
    with pytest.raises(verification.VerificationError, match="constraint"):
        verifier.build_server_verifier(x509.DNSName("a.example.com")).verify(forged.certificate, [])


def test_a_new_certificate_is_met_by_new_connections_and_cuts_nobody_off(door: Door) -> None:
    before = door.serial()
    with door.connect() as busy, door.connect() as idle:
        busy.sendall(ASKED.encode())  # the end of the headers is still to come
        certificate.renew(door.layout)
        assert door.serial() != before

        busy.sendall(b"\r\n")
        idle.sendall(f"{ASKED}\r\n".encode())
        for connection in (busy, idle):
            assert connection.recv(64).startswith(b"HTTP/1.1 404")
            assert serial(connection) == before
    assert door.process.poll() is None


def test_the_operators_own_certificate_is_served_and_stays(door: Door) -> None:
    bought = own()
    certificate.replace(door.layout, bought.pem())
    certificate.ensure(door.layout)

    assert door.serial() == bought.certificate.serial_number
    found = certificate.find(door.layout)
    assert found is not None
    assert found.chain == bought.chain
    assert door.layout.certificate_file.stat().st_mode & 0o777 == 0o600


def test_what_haproxy_itself_refuses_is_not_kept(door: Door) -> None:
    before, kept = door.serial(), door.layout.certificate_file.read_bytes()
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505  # that is the point

    with pytest.raises(ClusterError, match="HAProxy refuses the certificate"):
        certificate.replace(door.layout, own(key=weak).pem())

    assert door.serial() == before
    assert door.layout.certificate_file.read_bytes() == kept
    certificate.renew(door.layout)
    assert door.serial() != before


GOOD = own()
BAD = {
    "is not for portico.localhost": own(("*.portico.localhost",)).pem(),
    "ended on": own(ends=timedelta(days=-1)).pem(),
    "begins on": own(begins=timedelta(days=1)).pem(),
    "key belongs to another": GOOD.pem().split(b"-----BEGIN PRIVATE")[0] + key_pem(own().key),
    "Link did not sign": Bundle((GOOD.certificate, own().chain[1]), GOOD.key).pem(),
    "no certificate in PEM": b"\x00\xff",
    "no private key": GOOD.certificate.public_bytes(serialization.Encoding.PEM),
    "private key is encrypted": GOOD.certificate.public_bytes(serialization.Encoding.PEM)
    + GOOD.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    ),
}


@pytest.mark.parametrize("why", BAD)
def test_a_bad_file_is_refused_and_changes_nothing(full: Layout, why: str) -> None:
    before = full.certificate_file.read_bytes()

    with pytest.raises(ClusterError, match=why):
        certificate.replace(full, BAD[why])

    assert full.certificate_file.read_bytes() == before
    assert [file for file in full.settings.secrets_dir.iterdir() if file.suffix == ".new"] == []


def test_ours_is_renewed_when_a_third_of_its_life_is_left(full: Layout) -> None:
    ours = Authority.new(full.settings, NOW)
    made = ours.issue(full.settings, NOW)

    assert not ours.needs_renewal(made, full.settings, NOW + timedelta(days=59))
    assert ours.needs_renewal(made, full.settings, NOW + timedelta(days=61))
    assert ours.needs_renewal(
        Authority.new(full.settings, NOW).issue(full.settings, NOW), full.settings, NOW
    )


def test_what_is_well_is_not_made_anew(full: Layout) -> None:
    files = (full.settings.authority_file, full.authority_key_file, full.certificate_file)
    before = [file.read_bytes() for file in files]

    certificate.ensure(full)

    assert [file.read_bytes() for file in files] == before


def test_another_base_domain_gets_an_authority_and_a_certificate_of_its_own(full: Layout) -> None:
    moved = Layout(full.settings.model_copy(update={"base_domain": "portico.test"}), full.file)
    before = full.settings.authority_file.read_bytes()

    certificate.ensure(moved)

    assert full.settings.authority_file.read_bytes() != before
    found = certificate.find(moved)
    assert found is not None
    bundle.check(found, authority.served_names(moved.settings), NOW)


def test_keys_are_shown_to_nobody(full: Layout) -> None:
    assert {
        file.stat().st_mode & 0o777 for file in (full.certificate_file, full.authority_key_file)
    } == {0o600}
    assert "PRIVATE" not in certificate.describe(full) + repr(certificate.find(full))
