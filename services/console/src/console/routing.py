"""The routing service's HTTP API, as the operator uses it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx

from console.errors import ConsoleError
from console.installation import Installation

CALL_SECONDS = 5.0
PAGE = 1000

Json = dict[str, Any]


class Routing:
    """The routing services of the installation; the first that answers is good."""

    def __init__(self, installation: Installation) -> None:
        settings = installation.settings
        self._urls = settings.routing_urls(settings.datacentres[0].name)
        headers = {"Authorization": f"Bearer {installation.secrets()['internal_token']}"}
        self._client = httpx.Client(headers=headers, timeout=CALL_SECONDS, trust_env=False)

    def pairs(self) -> list[Json]:
        """Return the records of all pairs."""
        answer: list[Json] = self._get("/v1/pairs", {}).json()["pairs"]
        return answer

    def portals(self) -> Iterator[Json]:
        """Yield every portal, page by page."""
        after: dict[str, str] = {}
        while True:
            page = self._get("/v1/portals", {"limit": str(PAGE), **after}).json()
            yield from page["portals"]
            if page["next"] is None:
                return
            after = {"after": page["next"]}

    def find_portal(self, host_or_id: str) -> Json | None:
        """Return a portal by its host label or its id."""
        portal = host_or_id
        if not portal.isdigit():
            route = self.find_route(host_or_id)
            if route is None:
                return None
            portal = route["portal"]
        return self._find(f"/v1/portals/{portal}")

    def get_portal(self, host_or_id: str) -> Json:
        """Return the same, or raise."""
        found = self.find_portal(host_or_id)
        if found is None:
            raise ConsoleError(
                f"there is no portal {host_or_id!r}: `portico portal list` shows all"
            )
        return found

    def find_route(self, label: str) -> Json | None:
        """Return where the portal with this host label is served."""
        return self._find(f"/v1/hosts/{quote(label, safe='')}")

    def _find(self, path: str) -> Json | None:
        answer = self._get(path, {}, missing_is_fine=True)
        found: Json = answer.json()
        return None if answer.status_code == httpx.codes.NOT_FOUND else found

    def _get(
        self, path: str, query: dict[str, str], *, missing_is_fine: bool = False
    ) -> httpx.Response:
        """Ask the services in turn; reading is safe to repeat."""
        words = []
        for url in self._urls:
            try:
                answer = self._client.get(url + path, params=query)
            except httpx.TransportError as error:
                words.append(f"{url}: {error}")
                continue
            if answer.is_success or (
                missing_is_fine and answer.status_code == httpx.codes.NOT_FOUND
            ):
                return answer
            words.append(f"{url}: status {answer.status_code}")
        raise ConsoleError(f"the routing service does not answer: {'; '.join(words)}")
