"""Where the members of etcd and the failover services answer."""

from kernel.settings import Settings, Site


def etcd_urls(settings: Settings, site: str) -> list[str]:
    """Return the members' URLs, that of the own site first."""
    own = member_url(settings, settings.site(site))
    return sorted(settings.etcd_urls, key=lambda url: url != own)


def member_url(settings: Settings, site: Site) -> str:
    """Return where the site's member of etcd serves."""
    return f"http://{site.address}:{settings.ports.etcd_client}"


def service_url(settings: Settings, site: str) -> str:
    """Return where the site's failover service answers."""
    return f"http://{settings.site(site).address}:{settings.ports.failover}"


def witness_of(settings: Settings) -> Site:
    """Return the third site."""
    return next(site for site in settings.sites if site.kind == "witness")
