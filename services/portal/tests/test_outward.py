"""Nothing is sent into our own network, by whatever name it is called."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network

import pytest
from aiohttp import web

from portal import outward
from portal.outward import AddressRefusedError, NotDeliveredError, Outward, require_allowed
from testkit import addresses

PORT = 18099
HERE = (ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.1.2.3", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "224.0.0.1", "224.0.1.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1", "fe80::1%eth0"),
        *("fc00::1", "fd12::1", "ff02::1", "ff0e::1", "2001:db8::1", "::ffff:127.0.0.1"),
        *("::ffff:10.0.0.1", "2002:7f00:1::1", "64:ff9b::7f00:1", "64:ff9b::808:808"),
        *("2001:0:53aa:64c:0:fbff:f5ff:fffe", "fec0::1"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(AddressRefusedError):
        require_allowed(address, ())


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "193.0.6.139"]
)
def test_a_public_address_is_not(address: str) -> None:
    require_allowed(address, ())


def test_the_operator_allows_what_he_names_and_nothing_else() -> None:
    inner = (ip_network("10.1.0.0/16"), ip_network("fd12::/16"))
    require_allowed("10.1.2.3", inner)
    require_allowed("::ffff:10.1.2.3", inner)
    require_allowed("fd12::1", inner)
    with pytest.raises(AddressRefusedError):
        require_allowed("10.2.2.3", inner)


class Receiver:
    """A server of somebody else's, on an address of the test's own."""

    def __init__(self, host: str) -> None:
        self.url = f"http://{host}:{PORT}/told"
        self.bodies: list[bytes] = []
        self.hosts: list[str] = []
        self.answer: Callable[[], Awaitable[web.StreamResponse]] = self.taken

    async def taken(self) -> web.StreamResponse:
        return web.Response(text="thanks")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.hosts.append(request.host)
        return await self.answer()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    host = addresses.private(1)[0]
    made = Receiver(host)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.serve)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, host, PORT).start()
    yield made
    await runner.cleanup()


@pytest.fixture
async def sender() -> AsyncIterator[Outward]:
    async with outward.opened(HERE) as opened:
        yield opened


async def refused(sender: Outward, url: str) -> NotDeliveredError:
    with pytest.raises(NotDeliveredError) as failure:
        await sender.post_form(url, b"a=b")
    return failure.value


async def test_what_is_taken_is_taken(receiver: Receiver, sender: Outward) -> None:
    await sender.post_form(receiver.url, b"event=ONUSERADD")
    assert receiver.bodies == [b"event=ONUSERADD"]


async def test_an_address_of_ours_is_refused_at_the_moment_of_sending(receiver: Receiver) -> None:
    async with outward.opened(()) as sender:
        for url in (receiver.url, f"http://localhost:{PORT}/"):
            assert str(await refused(sender, url)).endswith("is not public")
        await refused(sender, f"http://2130706433:{PORT}/")  # 127.0.0.1 in one number
        with pytest.raises(AddressRefusedError):
            await sender.require_allowed(f"http://localhost:{PORT}/")
        with pytest.raises(AddressRefusedError):
            await sender.require_allowed(receiver.url)
    assert receiver.bodies == []


async def test_a_name_that_turns_into_another_address_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to what was checked: the name is resolved once, by us."""
    asked: list[str] = []

    def turning(host: str, port: int, *_: object) -> list[object]:
        asked.append(host)
        inside = receiver.url.split("/")[2].split(":")[0]
        address = "192.0.2.1" if len(asked) > 1 else inside
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", turning)
    async with outward.opened(HERE) as sender:
        await sender.post_form(f"http://turning.example:{PORT}/told", b"a=b")
    assert asked == ["turning.example"]
    assert receiver.hosts == [f"turning.example:{PORT}"]


async def test_one_private_address_among_public_ones_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def both(_host: str, port: int, *_: object) -> list[object]:
        found = ("8.8.8.8", "10.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    async with outward.opened(()) as sender:
        failure = await refused(sender, "http://both.example/")
    assert str(failure) == "address 10.0.0.1 is not public"


async def test_a_redirect_is_not_followed(receiver: Receiver, sender: Outward) -> None:
    async def elsewhere() -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(receiver.url + "/elsewhere")

    receiver.answer = elsewhere
    assert str(await refused(sender, receiver.url)) == "status 307"
    assert len(receiver.bodies) == 1


@pytest.mark.parametrize("status", [304, 404, 500, 503])
async def test_any_other_status_is_a_refusal(
    receiver: Receiver, sender: Outward, status: int
) -> None:
    async def refusing() -> web.StreamResponse:
        return web.Response(status=status, text="x" * 100_000)

    receiver.answer = refusing
    failure = await refused(sender, receiver.url)
    assert (str(failure), failure.is_silence) == (f"status {status}", False)


async def test_a_receiver_that_hangs_is_left(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()

    async def hanging() -> web.StreamResponse:
        await ended.wait()
        return web.Response()

    receiver.answer = hanging
    monkeypatch.setattr(outward, "ANSWER_SECONDS", 0.3)
    async with outward.opened(HERE) as sender:
        failure = await refused(sender, receiver.url)
    ended.set()
    assert (str(failure), failure.is_silence) == ("no answer in 0.3 s", True)


async def test_a_receiver_that_is_not_there_is_silent(sender: Outward) -> None:
    failure = await refused(sender, f"http://{addresses.private(1)[0]}:{PORT}/")
    assert failure.is_silence
    failure = await refused(sender, "http://nobody.invalid/")
    assert failure.is_silence


async def test_a_name_that_is_not_there_yet_may_be_named(sender: Outward) -> None:
    await sender.require_allowed("http://nobody.invalid/")
