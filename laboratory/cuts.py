"""Cuts and losses between two sites: nftables rules in the namespace of whoever would receive.

The front door, the object store and the mail sink stand for places of their own, but live at the
witness's address: a cut between a datacentre and the witness leaves their ports alone.
"""

from kernel.settings import Settings, Site
from laboratory.commands import run
from laboratory.network import inside, namespace_of

TABLE = "laboratory"


def cut(settings: Settings, source: Site, target: Site) -> None:
    """Let nothing from ``source`` arrive at ``target``, from now on; the other way is not touched."""
    _rule(settings, source, target, "drop")


def lose(settings: Settings, source: Site, target: Site, percent: int) -> None:
    """Lose so many of the packets from ``source`` to ``target``, at random."""
    _rule(settings, source, target, f"numgen random mod 100 < {percent} drop")


def heal(source: Site, target: Site) -> None:
    """End what was done to the packets from ``source`` to ``target``."""
    _nft(target, f"flush chain inet {TABLE} {_chain(source)}")


def _rule(settings: Settings, source: Site, target: Site, verdict: str) -> None:
    chain = f"inet {TABLE} {_chain(source)}"
    _nft(
        target,
        f"""
        add table inet {TABLE}
        add chain {chain} {{ type filter hook input priority 0; }}
        flush chain {chain}
        {_exemptions(settings, source, target, chain)}
        add rule {chain} ip saddr {source.address} {verdict}
        """,
    )


def _exemptions(settings: Settings, source: Site, target: Site, chain: str) -> str:
    """Return the rules for what clients use, if one of the two is where it lives."""
    if settings.shared_site not in {source.name, target.name}:
        return ""
    ports = settings.ports
    places = f"{{ {ports.balancer}, {ports.s3}, {ports.smtp} }}"
    return f"add rule {chain} tcp dport {places} accept\nadd rule {chain} tcp sport {places} accept"


def _chain(source: Site) -> str:
    return f"from-{source.name}"


def _nft(site: Site, rules: str) -> None:
    run(*inside(namespace_of(site)), "nft", "-f", "-", stdin=rules)
