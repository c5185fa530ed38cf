"""The installation's own certificate authority: signs the door's certificate where nobody gives a better one.

It can vouch for the names of this installation and for nothing else. Who trusts ``ca.pem`` gives nobody who
may find its key the power to pretend to be another site.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cluster.bundle import Bundle, is_issued_by, key_pem
from kernel.settings import Settings

ORGANISATION = "Portico local authority"
AUTHORITY_LIFE = timedelta(days=3650)
CERTIFICATE_LIFE = timedelta(days=90)
CLOCK_SKEW = timedelta(hours=1)
LOOPBACK = IPv4Network("127.0.0.0/8")


@dataclass(frozen=True)
class Authority:
    """A self-signed certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def new(cls, settings: Settings, now: datetime) -> Self:
        """Make one that may sign for this installation's names."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"Portico of {settings.base_domain}")
        builder = _builder(name, name, key.public_key(), now, AUTHORITY_LIFE)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        builder = builder.add_extension(_key_usage(signs=True), True)
        builder = builder.add_extension(_constraints(settings), True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def read(cls, certificate: bytes, key: bytes) -> Self:
        """Read what ``pem`` and ``key_pem`` gave."""
        found = serialization.load_pem_private_key(key, password=None)
        if not isinstance(found, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is of another kind than ours are")
        return cls(x509.load_pem_x509_certificate(certificate), found)

    def pem(self) -> bytes:
        """Return the certificate: what clients are told to trust."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """Return the key, which nobody else may see."""
        return key_pem(self.key)

    def serves(self, settings: Settings, now: datetime) -> bool:
        """Whether it can sign for this installation's names, for the life of a certificate."""
        extensions = self.certificate.extensions
        may = extensions.get_extension_for_class(x509.NameConstraints).value
        return (
            may == _constraints(settings)
            and self.certificate.not_valid_after_utc > now + CERTIFICATE_LIFE
            and self.certificate.public_key() == self.key.public_key()
        )

    def issue(self, settings: Settings, now: datetime) -> Bundle:
        """Sign a certificate, with a key of its own, for the names of the front door."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(f"*.{settings.base_domain}")
        public = key.public_key()
        builder = _builder(subject, self.certificate.subject, public, now, CERTIFICATE_LIFE)
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        builder = builder.add_extension(_key_usage(signs=False), True)
        builder = builder.add_extension(uses, False)
        builder = builder.add_extension(signer, False)
        builder = builder.add_extension(_alternative_names(settings), False)
        return Bundle((builder.sign(self.key, hashes.SHA256()),), key)

    def needs_renewal(self, bundle: Bundle, settings: Settings, now: datetime) -> bool:
        """Whether a certificate of ours is to be made anew: a third of its life is left, or names changed."""
        certificate = bundle.certificate
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return (
            certificate.not_valid_after_utc - now < CERTIFICATE_LIFE / 3
            or names != _alternative_names(settings)
            or not is_issued_by(certificate, self.certificate)
        )


def is_ours(bundle: Bundle) -> bool:
    """Whether an authority of ours signed it, this one or one before; others are the operator's own."""
    makers = bundle.certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return ORGANISATION in {maker.value for maker in makers}


def served_names(settings: Settings) -> Sequence[str]:
    """Return the names that any certificate of the door must be for."""
    return (settings.base_domain, f"*.{settings.base_domain}")


def _alternative_names(settings: Settings) -> x509.SubjectAlternativeName:
    hosts = [*served_names(settings), "localhost"]
    addresses = dict.fromkeys(map(ip_address, ("127.0.0.1", settings.door.address)))
    return x509.SubjectAlternativeName([*map(x509.DNSName, hosts), *map(x509.IPAddress, addresses)])


def _constraints(settings: Settings) -> x509.NameConstraints:
    networks = dict.fromkeys((LOOPBACK, ip_network(settings.door.address)))
    hosts = [x509.DNSName(settings.base_domain), x509.DNSName("localhost")]
    return x509.NameConstraints([*hosts, *map(x509.IPAddress, networks)], None)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
        ]
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
