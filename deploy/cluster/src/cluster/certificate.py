"""The front door's certificate: made, renewed, replaced, shown. The door is never restarted for it."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes

from cluster import authority, bundle, haproxy, secrets
from cluster.authority import Authority
from cluster.bundle import Bundle
from cluster.errors import ClusterError
from cluster.layout import Layout


def ensure(layout: Layout) -> None:
    """Make what is missing, and renew in time what is ours; an operator's own certificate is left alone."""
    now = datetime.now(UTC)
    ours = _authority(layout, now)
    found = find(layout)
    if found is None or (
        authority.is_ours(found) and ours.needs_renewal(found, layout.settings, now)
    ):
        install(layout, ours.issue(layout.settings, now))


def renew(layout: Layout) -> None:
    """Put a new certificate of our own in place, whatever is there."""
    now = datetime.now(UTC)
    install(layout, _authority(layout, now).issue(layout.settings, now))


def replace(layout: Layout, pem: bytes) -> None:
    """Put the operator's certificate in place; raise with what is wrong with it, and change nothing."""
    given = bundle.read(pem)
    bundle.check(given, authority.served_names(layout.settings), datetime.now(UTC))
    install(layout, given)


def install(layout: Layout, served: Bundle) -> None:
    """Let the door serve it from now on, if it runs, and after each start.

    It is written first and put in its place last: what HAProxy refuses is not found there tomorrow.
    """
    file = layout.certificate_file
    with secrets.prepared(file, served.pem()) as fresh:
        if haproxy.is_running(layout.door_socket):
            haproxy.replace_certificate(layout.door_socket, file, served)
        fresh.replace(file)


def find(layout: Layout) -> Bundle | None:
    """Return what the door serves after its next start, if there is anything."""
    try:
        return bundle.read(layout.certificate_file.read_bytes())
    except FileNotFoundError:
        return None


def ends_at(layout: Layout) -> float:
    """When the front door's certificate ends, in seconds since 1970; 0 if there is none to be read."""
    try:
        found = find(layout)
    except ClusterError:
        found = None
    return 0.0 if found is None else found.certificate.not_valid_after_utc.timestamp()


def describe(layout: Layout) -> str:
    """Tell what there is, for people."""
    served = find(layout)
    if served is None:
        raise ClusterError("there is no certificate yet: `make up` makes one")
    certificate = served.certificate
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    ours = authority.is_ours(served)
    return f"""\
certificate  {layout.certificate_file}
for          {", ".join(sorted(served.names))}
from         {certificate.issuer.rfc4514_string()}{f" ({layout.settings.authority_file})" if ours else ""}
serial       {certificate.serial_number:X}
sha-256      {certificate.fingerprint(hashes.SHA256()).hex(":")}
ends         {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, in {left.days} days"""


def _authority(layout: Layout, now: datetime) -> Authority:
    """Return our authority; it is made anew only if it may not sign for this installation's names."""
    found = _find_authority(layout)
    if found is not None and found.serves(layout.settings, now):
        return found
    made = Authority.new(layout.settings, now)
    secrets.write(layout.authority_key_file, made.key_pem())
    secrets.write(
        layout.settings.authority_file, made.pem(), mode=0o644
    )  # no secret: clients are to trust it
    return made


def _find_authority(layout: Layout) -> Authority | None:
    files = (layout.settings.authority_file, layout.authority_key_file)
    try:
        return Authority.read(*(file.read_bytes() for file in files))
    except FileNotFoundError:
        return None
    except (TypeError, ValueError) as error:
        names = " and ".join(map(str, files))
        raise ClusterError(
            f"{names} cannot be used: remove both, and the next `make up` makes a new authority"
        ) from error
