"""What the front door does for the clients of the compatible REST API: keys, long requests, no secrets."""

import signal
import subprocess
from contextlib import ExitStack

import httpx
import pytest

from cluster.layout import Layout

from .test_balancing import Front, _web_nodes, front, running  # noqa: F401  # the fixtures

CODE = "abcsecret1234567"
PATH = f"/rest/1/{CODE}/crm.lead.add"
KEPT_BYTES = 57_344


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_request_gets_a_key_of_its_own(front: Front, method: str) -> None:  # noqa: F811
    def heard(**headers: str) -> dict[str, str]:
        answer = front.ask(front.door + PATH, method=method, headers=headers)
        named: dict[str, str] = answer.json()["headers"]
        return named

    keys = {heard()["idempotency-key"] for _ in range(5)}
    assert len(keys) == 5
    assert heard(**{"Idempotency-Key": "mine"})["idempotency-key"] == "mine"
    native = front.ask(f"{front.door}/api/v1/crm/leads", method=method).json()["headers"]
    assert "idempotency-key" not in native


@pytest.mark.parametrize("length", [2, 20_000, KEPT_BYTES])
def test_a_request_whose_server_died_is_repeated(front: Front, length: int) -> None:  # noqa: F811
    for node in _web_nodes(front, front.layout.settings.datacentres[0]):
        node.deaf = 1

    for url in (front.balancer, front.door):
        key = {"Idempotency-Key": "k"} if url == front.balancer else {}
        answer = front.ask(url + PATH, method="POST", content=b"x" * length, headers=key)
        assert answer.status_code == 200
        assert answer.json()["headers"]["content-length"] == str(length)


def test_a_get_of_16_kilobytes_passes(front: Front) -> None:  # noqa: F811
    query = "&".join(f"fields[UF_{n}]={'x' * 30}" for n in range(400))
    assert len(query) > 16_384
    assert front.ask(f"{front.door}{PATH}?{query}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [PATH, PATH.replace("/", "//"), f"/rest/x?auth={CODE}", f"/rest/api/1/{CODE}/tasks.task.list"],
)
def test_no_code_and_no_token_is_logged(full: Layout, path: str) -> None:
    door = f"http://{full.settings.door.address}:{full.settings.door.http}"
    logs = []
    with ExitStack() as stack:
        for file in (*full.etc.glob("*/balancer.cfg"), *full.etc.glob("*/door.cfg")):
            command = ["haproxy", "-db", "-f", str(file)]
            proxy = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE))
            stack.callback(proxy.terminate)
            logs.append(proxy)
        transport = httpx.HTTPTransport(retries=7)  # until it listens
        with httpx.Client(transport=transport, timeout=30) as client:
            assert client.get(door + path).status_code == 503
        for proxy in logs:
            proxy.send_signal(signal.SIGUSR1)  # a line is logged after its answer: let them end it
        said = "".join(proxy.communicate(timeout=30)[1].decode() for proxy in logs)

    assert CODE not in said
    assert "GET /rest/" in said
