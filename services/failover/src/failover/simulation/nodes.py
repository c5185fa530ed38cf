"""The web nodes of a datacentre, as far as ownership concerns them."""

from failover.record import Pair

NODE_LEASE_SECONDS = 2.0


class Node:
    """The record they know, and until when etcd counts them in; a node past that marks its reads."""

    def __init__(self, site: str, pair: Pair) -> None:
        self.site, self.pair = site, pair
        self.is_running = True
        self.alive_until = NODE_LEASE_SECONDS
