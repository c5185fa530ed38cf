"""How talking to etcd can fail, told apart by what the caller may do next."""


class EtcdError(Exception):
    """Base of every expected failure of this client."""


class EtcdUnavailableError(EtcdError):
    """No member answered, or none sees a majority. A write was certainly not done: try again later."""


class OutcomeUnknownError(EtcdError):
    """A write was sent and never answered: it may be done, or yet to be done. Read before repeating."""


class EtcdRefusedError(EtcdError):
    """The member understood the request and refuses it; repeating it changes nothing."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} (gRPC code {code})")
        self.code = code


class CompactedError(EtcdError):
    """The asked revision is no longer kept: read everything again and watch from there."""


class LeaseGoneError(EtcdError):
    """The lease expired or was revoked, and its keys went with it."""
