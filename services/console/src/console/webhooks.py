"""The webhooks of portals, as the operator manages them: over the internal API of a portal's owner."""

import time
from collections.abc import Iterator
from typing import Any

import httpx

from console.errors import ConsoleError, RefusedError
from console.installation import Installation
from console.problems import problem_of
from console.routing import Routing

CALL_SECONDS = 15.0
MOVING_SECONDS = 10.0
"""So long a switch of the portal is waited for."""
RETRY_SECONDS = 0.5
PAGE = 200

Json = dict[str, Any]


class Webhooks:
    """The webhooks of one portal, wherever it is served."""

    def __init__(self, installation: Installation, portal: str) -> None:
        """``portal``: its host name, the first label of that, or its id; raises if there is none."""
        self._settings = installation.settings
        self._routing = Routing(installation)
        label = portal.lower().removesuffix(f".{self._settings.base_domain}")
        self._portal = self._routing.get_portal(label)
        headers = {"Authorization": f"Bearer {installation.secrets()['internal_token']}"}
        self._client = httpx.Client(headers=headers, timeout=CALL_SECONDS, trust_env=False)

    def make(self, user: int, title: str, scopes: list[str]) -> Json:
        """Make one; the answer holds its code, this once."""
        made: Json = self._ask(
            "POST", body={"user_id": user, "title": title, "scopes": scopes}
        ).json()
        return made

    def all(self) -> Iterator[Json]:
        """Yield those that are not revoked, page by page."""
        query: dict[str, str] = {"limit": str(PAGE)}
        while True:
            page = self._ask("GET", query=query).json()
            yield from page["items"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def revoke(self, webhook: int) -> None:
        """Let one open nothing any more."""
        self._ask("DELETE", f"/{webhook}")

    def _ask(
        self,
        verb: str,
        path: str = "",
        *,
        query: dict[str, str] | None = None,
        body: Json | None = None,
    ) -> httpx.Response:
        """Ask the owner; as long as nothing comes of it, whoever is the owner then."""
        deadline = time.monotonic() + MOVING_SECONDS
        while True:
            url = self._settings.internal_url(self._portal["owner"])
            url += f"/internal/portals/{self._portal['portal']}/webhooks{path}"
            try:
                answer = self._client.request(verb, url, params=query, json=body)
            except httpx.TransportError as error:
                raise ConsoleError(
                    f"no web node of {self._portal['owner']} answers: {error}; "
                    "`portico webhook list` shows what was done"
                ) from error
            if not _was_nothing_done(answer) or time.monotonic() > deadline:
                return _checked(answer)
            time.sleep(RETRY_SECONDS)
            self._portal = self._routing.get_portal(self._portal["portal"])


def _was_nothing_done(answer: httpx.Response) -> bool:
    """Tell whether the same may be asked again."""
    is_unavailable = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    return is_unavailable and problem_of(answer).get("code") != "outcome-unknown"


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    problem = problem_of(answer)
    why = str(problem.get("detail", f"status {answer.status_code}"))
    why += "".join(f"; {e['pointer']}: {e['detail']}" for e in problem.get("errors", ()))
    if answer.is_client_error and answer.status_code != httpx.codes.UNAUTHORIZED:
        raise RefusedError(str(problem.get("code", answer.status_code)), why)
    raise ConsoleError(f"the web nodes failed: {why}")
