"""The real HAProxy with our files, in front of servers that tell what reached them."""

import csv
import json
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from typing_extensions import override

from cluster.layout import Layout
from cluster.programs import Program, all_programs
from kernel.settings import Site

from .conftest import prepare

READY_SECONDS = 20.0


class Server:
    """A web node or a signup service that answers with the request it got."""

    def __init__(self, stands_for: Program) -> None:
        self.name = stands_for.full_name
        self.seen: list[tuple[str, str]] = []
        self.deaf = 0  # so many requests are read and never answered
        self.busy = False  # with a request whose body may still be on its way
        self.owner = ""  # named in its answers
        self.gives_back = False  # what it is sent, because it can do nothing of it
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                server.take(self)

            do_GET = do_POST = do_PUT = answer  # noqa: N815  # the names http.server calls

            @override
            def log_message(self, *_: object) -> None:
                return

        host, _, port = stands_for.address.rpartition(":")
        self._http = _QuietServer((host, int(port)), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def take(self, request: BaseHTTPRequestHandler) -> None:
        self.busy |= request.path != "/readyz"  # health checks come in between
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        if request.path != "/readyz":
            self.seen.append((request.command, request.path))
            if self.deaf:
                self.deaf -= 1
                request.close_connection = True
                return
        body = json.dumps(
            {"who": self.name, "headers": {k.lower(): v for k, v in request.headers.items()}}
        ).encode()
        gives_back = self.gives_back and request.path != "/readyz"
        request.send_response(503 if gives_back else 200)
        if gives_back:
            request.send_header("X-Portico-Again", "1")
        request.send_header("Content-Length", str(len(body)))
        if self.owner:
            request.send_header("X-Portico-Owner", self.owner)
        request.end_headers()
        request.wfile.write(body)


class _QuietServer(ThreadingHTTPServer):
    """Connections that a test cuts are no news."""

    @override
    def handle_error(self, *_: object) -> None:
        return


class Front:
    """The front door, and the balancers behind it."""

    def __init__(self, layout: Layout, nodes: dict[str, Server], client: httpx.Client) -> None:
        self.layout = layout
        self.nodes = nodes
        self._client = client
        self.base = layout.settings.base_domain
        door = layout.settings.door
        self.door = f"http://{door.address}:{door.http}"
        self.encrypted = f"https://{door.address}:{door.https}"
        site = layout.settings.site("dc-a")
        self.balancer = layout.settings.balancer_url(site.name)
        self.internal = layout.settings.internal_url(site.name)

    def ask(self, url: str, host: str = "acme", method: str = "GET", **more: Any) -> httpx.Response:
        headers = {"Host": f"{host}.{self.base}" if host else self.base, **more.pop("headers", {})}
        return self._client.request(method, url, headers=headers, **more)

    def datacentre(self, host: str) -> str:
        """Ask at the door who serves a portal."""
        answer = self.ask(f"{self.door}/readyz", host=host).raise_for_status()
        who: str = answer.json()["who"]
        return who.partition(":")[0]

    def wait_for_both_datacentres(self) -> None:
        """Wait until every proxy has found every server."""
        deadline = time.monotonic() + READY_SECONDS
        self.wait_for_all_servers()
        while self._found() != {s.name for s in self.layout.settings.datacentres}:
            assert time.monotonic() < deadline, "the balancers do not find their servers"
            time.sleep(0.05)

    def wait_for_all_servers(self) -> None:
        """Wait until no proxy leaves one out: on a busy machine a health check may have failed."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._are_up():
            assert time.monotonic() < deadline, "the balancers leave servers out"
            time.sleep(0.05)

    def _found(self) -> set[str]:
        try:
            return {self.datacentre(f"portal{n}") for n in range(30)}
        except httpx.HTTPError:
            return set()

    def _are_up(self) -> bool:
        try:
            tables = [self._client.get(url).text.removeprefix("# ") for url in self._stats()]
        except httpx.HTTPError:
            return False
        rows = [row for table in tables for row in csv.DictReader(table.splitlines())]
        servers = [row for row in rows if row["svname"] not in {"FRONTEND", "BACKEND"}]
        return all(row["status"].startswith(("UP", "no check")) for row in servers)

    def _stats(self) -> Iterator[str]:
        settings = self.layout.settings
        for site in settings.datacentres:
            yield f"http://{site.address}:{settings.ports.balancer_stats}/;csv"
        shared = settings.site(settings.shared_site)
        yield f"http://{shared.address}:{settings.ports.door_stats}/;csv"


@pytest.fixture(scope="module")
def running(
    make_layout: Callable[[str, Path], Layout], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    layout = make_layout("full", tmp_path_factory.mktemp("balancing"))
    prepare(layout)
    with ExitStack() as stack:
        nodes = {p.full_name: stack.enter_context(Server(p)) for p in _served(layout)}
        for file in (*layout.etc.glob("*/balancer.cfg"), *layout.etc.glob("*/door.cfg")):
            proxy = stack.enter_context(subprocess.Popen(["haproxy", "-db", "-f", file]))
            stack.callback(proxy.terminate)
        front = Front(layout, nodes, stack.enter_context(httpx.Client(timeout=30)))
        front.wait_for_both_datacentres()
        yield front


@pytest.fixture
def front(running: Front) -> Front:
    for node in running.nodes.values():
        node.seen.clear()
        node.deaf, node.busy, node.owner, node.gives_back = 0, False, "", False
    running.wait_for_all_servers()
    return running


def test_portals_go_to_web_nodes_and_signup_to_its_service(front: Front) -> None:
    assert ":portal-" in front.ask(f"{front.door}/api/v1/me").json()["who"]
    assert ":signup" in front.ask(f"{front.door}/api/v1/signup", host="").json()["who"]
    assert ":portal-" in front.ask(f"{front.door}/api/v1/signup", host="acme").json()["who"]
    assert ":portal-" in front.ask(f"{front.door}/", host="").json()["who"]


def test_the_base_domain_is_recognised_with_port_and_in_any_case(front: Front) -> None:
    host = {"Host": f"{front.base.upper()}:8080"}

    assert ":signup" in front.ask(f"{front.door}/api/v1/signup", headers=host).json()["who"]


def test_one_portal_stays_in_one_datacentre_and_many_use_both(front: Front) -> None:
    assert len({front.datacentre("acme") for _ in range(10)}) == 1
    assert {front.datacentre(f"portal{n}") for n in range(30)} == {"dc-a", "dc-b"}


@pytest.mark.parametrize("owner", ["dc-a", "dc-b"])
def test_the_door_asks_the_datacentre_that_the_last_answer_named(front: Front, owner: str) -> None:
    for node in front.nodes.values():
        node.owner = owner

    told = front.ask(f"{front.door}/api/v1/me", host="moving")

    assert "x-portico-owner" not in told.headers
    assert {front.datacentre("moving") for _ in range(10)} == {owner}


@pytest.mark.parametrize("path", ["/internal/portals", "/metrics", "/%69nternal/x", "/%6detrics"])
def test_what_is_ours_alone_is_not_found_from_outside(front: Front, path: str) -> None:
    for url in (front.door, front.balancer):
        answer = front.ask(url + path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "not-found"
    assert not [path for n in front.nodes.values() for _, path in n.seen]


def test_our_own_services_reach_what_is_internal(front: Front) -> None:
    assert front.ask(f"{front.internal}/internal/portals").json()["who"].startswith("dc-a:portal-")


def test_clients_cannot_say_where_they_come_from(front: Front) -> None:
    lies = {
        "X-Forwarded-For": "10.1.1.1",
        "X-Forwarded-Proto": "https",
        "X-Portico-Hops": "1",
        "X-Request-Id": "mine",
    }
    for url in (front.door, front.balancer):
        heard = front.ask(url, headers=lies).json()["headers"]
        assert heard["x-forwarded-for"] == "127.0.0.1"
        assert heard["x-forwarded-proto"] == "http"
        assert "x-portico-hops" not in heard
        assert heard["x-request-id"] != "mine"


def test_nodes_hear_whether_the_client_asked_with_tls(front: Front) -> None:
    lies = {"X-Forwarded-For": "10.1.1.1", "X-Forwarded-Proto": "http"}
    trust = ssl.create_default_context(cafile=front.layout.settings.authority_file)
    with httpx.Client(verify=trust, timeout=30) as client:
        said = client.get(f"{front.encrypted}/", headers=lies).json()["headers"]

    assert said["x-forwarded-proto"] == "https"
    assert said["x-forwarded-for"] == "127.0.0.1"


def test_an_offer_of_another_protocol_does_not_reach_a_node(front: Front) -> None:
    offer = {
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": "h2c",
        "HTTP2-Settings": "AAMAAABk",
    }

    answer = front.ask(front.door, method="POST", content=b"[]", headers=offer)

    assert answer.status_code == 200
    assert "upgrade" not in answer.json()["headers"]
    assert answer.json()["headers"]["content-length"] == "2"


def test_another_datacentre_is_believed(front: Front) -> None:
    (site,) = (s for s in front.layout.settings.datacentres if s.name == "dc-b")
    said = {"X-Forwarded-For": "203.0.113.9", "X-Portico-Hops": "1", "X-Request-Id": "theirs"}
    transport = httpx.HTTPTransport(local_address=site.address)
    with httpx.Client(transport=transport, timeout=30) as node:
        heard = node.get(front.balancer, headers=said).json()["headers"]

    assert {name: heard[name.lower()] for name in said} == said


def test_an_answer_tells_the_request_id_even_when_nobody_served_it(front: Front) -> None:
    refused = front.ask(f"{front.door}/internal")

    assert refused.status_code == 404
    assert len(refused.headers["x-request-id"]) == 36


def test_a_read_survives_a_server_that_dies_over_it(front: Front) -> None:
    for node in _web_nodes(front, front.layout.settings.datacentres[0]):
        node.deaf = 1

    assert front.ask(front.balancer).status_code == 200


def test_a_write_whose_server_died_is_not_repeated(front: Front) -> None:
    nodes = _web_nodes(front, front.layout.settings.datacentres[0])
    for node in nodes:
        node.deaf = 1

    # on a fresh connection; a client that has been answered on it before sees it closed instead
    answer = httpx.post(front.balancer, content=b"{}", timeout=30)

    assert answer.status_code == 502
    assert answer.json()["code"] == "bad-gateway"
    assert sum(len(n.seen) for n in nodes) == 1


def test_a_write_with_an_idempotency_key_is_repeated(front: Front) -> None:
    for node in _web_nodes(front, front.layout.settings.datacentres[0]):
        node.deaf = 1

    for url in (front.balancer, front.door):
        answer = front.ask(url, method="POST", content=b"{}", headers={"Idempotency-Key": "k"})
        assert answer.status_code == 200


def test_a_body_is_passed_on_while_it_arrives(front: Front) -> None:
    """Held back until it is whole, a file of 5 GB would need a balancer of 5 GB."""
    nodes = _web_nodes(front, front.layout.settings.datacentres[0])
    arrived = False

    def body() -> Iterator[bytes]:
        nonlocal arrived
        yield b"x" * 65536
        deadline = time.monotonic() + READY_SECONDS
        while not (arrived := any(n.busy for n in nodes)) and time.monotonic() < deadline:
            time.sleep(0.01)
        yield b"y"

    size = {"Content-Length": "65537"}
    assert front.ask(front.balancer, method="PUT", content=body(), headers=size).status_code == 200
    assert arrived


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_one_datacentre_gives_back_the_other_gets(front: Front, method: str) -> None:
    first, second = front.layout.settings.datacentres
    for node in front.nodes.values():
        node.owner = first.name
    front.ask(front.door, host="stranded")
    for node in _web_nodes(front, first):
        node.gives_back = True
        node.seen.clear()

    answer = front.ask(front.door, host="stranded", method=method)

    assert answer.status_code == 200
    assert answer.json()["who"].startswith(f"{second.name}:")
    assert sum(len(n.seen) for n in _web_nodes(front, first)) == 1


@pytest.mark.parametrize("length", [2, 65536])
def test_what_every_datacentre_gives_back_is_unavailable(front: Front, length: int) -> None:
    for node in front.nodes.values():
        node.gives_back = True

    answer = front.ask(front.door, method="POST", content=b"x" * length)

    assert answer.status_code == 503
    assert "x-portico-again" not in answer.headers


def test_no_server_left_is_a_problem_document_and_an_error_of_the_rest_api(full: Layout) -> None:
    door = f"http://{full.settings.door.address}:{full.settings.door.http}"
    files = [*full.etc.glob("*/balancer.cfg"), *full.etc.glob("*/door.cfg")]
    with ExitStack() as stack:
        for file in files:
            proxy = stack.enter_context(subprocess.Popen(["haproxy", "-db", "-f", file]))
            stack.callback(proxy.terminate)
        transport = httpx.HTTPTransport(retries=7)  # until it listens
        client = stack.enter_context(httpx.Client(transport=transport, timeout=30))
        given_back = client.get(full.settings.balancer_url("dc-a"))
        answer = client.post(door, content=b"{}")

    assert given_back.status_code == 425
    assert given_back.headers["x-portico-again"] == "1"
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    told = answer.json()
    assert (told["code"], told["error"]) == ("unavailable", "INTERNAL_SERVER_ERROR")
    assert told["error_description"] == told["detail"]


def _served(layout: Layout) -> list[Program]:
    """What stands behind the balancers."""
    return [p for p in all_programs(layout) if p.name == "signup" or p.name.startswith("portal-")]


def _web_nodes(front: Front, site: Site) -> list[Server]:
    return [n for name, n in front.nodes.items() if name.startswith(f"{site.name}:portal")]
