"""The failover service's HTTP API, as the operator uses it: finds the leader wherever it is."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx

from console.errors import ConsoleError, RefusedError
from console.installation import Installation
from console.problems import problem_of

LOOK_SECONDS = 2.0
"""A dead site costs a look no more than this."""
ASK_SECONDS = 10.0
ELECTION_SECONDS = 15.0
"""Longer than it takes to elect a leader after the last one died."""
RETRY_SECONDS = 0.25

Json = dict[str, Any]
Query = Mapping[str, str | int]


class Failover:
    """The failover services of all sites; any of them may be dead."""

    def __init__(self, installation: Installation) -> None:
        settings = installation.settings
        if all(len(pair.sites) == 1 for pair in settings.pairs):
            raise ConsoleError("this installation has one datacentre: there is nothing to switch")
        self.datacentres = tuple(site.name for site in settings.datacentres)
        self._urls = [f"http://{site.address}:{settings.ports.failover}" for site in settings.sites]
        headers = {"Authorization": f"Bearer {installation.secrets()['internal_token']}"}
        self._client = httpx.Client(headers=headers, trust_env=False)
        self._last_leader: str | None = None

    def status(self) -> Json:
        """Return what the leader says, else the best informed; raises if nobody answers."""
        status = None if self._last_leader is None else self._find_status(self._last_leader)
        if status is None or not _leads(status):
            status = self._look()
        self._last_leader = self._url_of_leader(status) if _leads(status) else None
        return status

    def get(self, path: str, query: Query | None = None) -> Json:
        """Ask the leader, who passes on what another site must answer."""
        return self._ask("GET", path, query=query)

    def post(
        self,
        path: str,
        body: Json | None = None,
        query: Query | None = None,
        *,
        seconds: float = ASK_SECONDS,
    ) -> Json:
        """Demand something of the leader; raises ``RefusedError`` when it says no."""
        return self._ask("POST", path, query=query, body=body or {}, seconds=seconds)

    def _look(self) -> Json:
        """Ask every site at the same time, and return the word that is worth most."""
        with ThreadPoolExecutor(len(self._urls)) as pool:
            found = pool.map(self._find_status, self._urls)
        answers = [status for status in found if status is not None]
        if not answers:
            raise ConsoleError(f"no failover service answers at {', '.join(self._urls)}")
        return max(answers, key=_authority)

    def _find_status(self, url: str) -> Json | None:
        try:
            answer = self._client.get(f"{url}/v1/status", timeout=LOOK_SECONDS)
            status: Json | None = answer.json() if answer.is_success else None
        except (httpx.TransportError, ValueError):
            return None
        return status

    def _ask(
        self,
        verb: str,
        path: str,
        *,
        query: Query | None = None,
        body: Json | None = None,
        seconds: float = ASK_SECONDS,
    ) -> Json:
        """Ask whoever leads; while nobody does, wait for an election. What was sent is sent once."""
        deadline = time.monotonic() + ELECTION_SECONDS
        while True:
            url = self._url_of_leader(self.status())
            answer = None
            if url is not None:
                request = self._client.build_request(
                    verb, url + path, params=query, json=body, timeout=seconds
                )
                answer = self._send(request)
            if answer is not None:
                return _read(answer)
            if time.monotonic() >= deadline:
                raise ConsoleError("nobody leads: without a majority of etcd nothing is changed")
            time.sleep(RETRY_SECONDS)

    def _send(self, request: httpx.Request) -> httpx.Response | None:
        """Return the leader's answer; ``None`` if it leads no more or was never reached."""
        try:
            answer = self._client.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return None
        except httpx.TransportError as error:
            raise ConsoleError(
                "the leader fell silent while it was asked; `portico status` shows whether it began"
            ) from error
        if answer.status_code == httpx.codes.TEMPORARY_REDIRECT:
            return None
        return None if _is_leaderless(answer) else answer

    def _url_of_leader(self, status: Json) -> str | None:
        """Return where the leader answers; the token goes to no address but a site's own."""
        leader = status["leader"]
        if leader is None:
            return None
        netloc = urlsplit(leader["url"]).netloc
        for url in self._urls:
            if urlsplit(url).netloc == netloc:
                return url
        raise ConsoleError(f"{leader['url']} claims to lead, but is no site of this installation")


def _leads(status: Json) -> bool:
    leader = status["leader"]
    return leader is not None and leader["site"] == status["site"]


def _authority(status: Json) -> tuple[bool, bool, bool]:
    """Order services by how much their word is worth: leads, knows who leads, sees etcd."""
    return _leads(status), status["leader"] is not None, bool(status["etcd"]["has_majority"])


def _is_leaderless(answer: httpx.Response) -> bool:
    return (
        answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        and problem_of(answer).get("code") == "no-leader"
    )


def _read(answer: httpx.Response) -> Json:
    if answer.is_success:
        read: Json = answer.json() if answer.content else {}
        return read
    problem = problem_of(answer)
    why = str(problem.get("detail") or f"status {answer.status_code}")
    if answer.is_client_error and answer.status_code != httpx.codes.UNAUTHORIZED:
        raise RefusedError(str(problem.get("code", answer.status_code)), why)
    raise ConsoleError(f"the failover service failed: {why}")
