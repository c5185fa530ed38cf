"""The portals that the clients work in: signed up through the front door, half at each datacentre."""

from kernel.settings import Settings
from laboratory.door import Portal
from testkit.portals import sign_up


async def sign_up_many(settings: Settings, count: int) -> list[Portal]:
    """Sign up so many portals, in turn at home in each datacentre."""
    regions = {settings.home_of(region): region for region in settings.regions}
    homes = [site.name for site in settings.datacentres]
    made = []
    for number in range(count):
        region = regions[homes[number % len(homes)]]
        portal = await sign_up(settings, region="eu" if region == "default" else region)
        await portal.client.aclose()
        made.append(Portal(portal.id, portal.host, portal.home_dc, portal.token))
    return made
