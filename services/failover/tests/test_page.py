"""The page of the failover: our own files only, in the reader's language, with a bounded history."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from shutil import which

import httpx
import pytest
from fastapi import FastAPI

from failover.service.page import routes
from failover.service.page.history import SAMPLES, History, Json


def a_status(lag_seconds: float = 0.004) -> Json:
    database = {"lag_seconds": lag_seconds}
    site = {"database": database, "portals": 7}
    return {
        "wall": 1.0,
        "pairs": [{"sites": {"dc-a": site, "dc-b": {**site, "database": None}}}] * 2,
    }


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    history = History()
    history.note(a_status())
    app.include_router(routes.router(history))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://failover") as client:
        yield client


@pytest.mark.parametrize(
    ("wanted", "locale", "word"),
    [
        ("ru-RU,ru;q=0.9", "ru", "Неполадки"),
        ("en", "en", "Problems"),
        ("de", "en", "Problems"),
        ("", "en", "Problems"),
    ],
)
async def test_the_page_speaks_the_readers_language(
    client: httpx.AsyncClient, wanted: str, locale: str, word: str
) -> None:
    answer = await client.get("/", headers={"Accept-Language": wanted})

    assert answer.headers["content-language"] == locale
    assert f'<html lang="{locale}">' in answer.text
    assert word in answer.text
    assert "$" not in answer.text


async def test_the_page_asks_nobody_else(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    texts = [answer.text]
    for name in routes.TYPES:
        texts.append((await client.get(f"/static/{name}")).text)  # noqa: PERF401 - it awaits

    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert set(re.findall(r'(?:src|href)="([^"]+)"', answer.text)) == {
        "/static/page.css",
        "/static/page.js",
    }
    elsewhere = {url for text in texts for url in re.findall(r"https?://[^\s\"']+", text)}
    assert elsewhere == {"http://www.w3.org/2000/svg"}
    assert not [text for text in texts if "innerHTML" in text or "eval(" in text]


@pytest.mark.parametrize("name", ["labels.toml", "page.html", "..%2Fapp.py", "nothing"])
async def test_no_other_file_is_given_away(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/static/{name}")).status_code == 404


async def test_each_label_that_the_page_uses_is_there(client: httpx.AsyncClient) -> None:
    script = (await client.get("/static/page.js")).text
    used = set(re.findall(r"labels\.([a-z]+)", script))
    used |= set(re.findall(r'labels\["([a-z-]+)"\]', script))

    assert used <= set(routes.labels_in("en"))
    assert set(routes.labels_in("ru")) == set(routes.labels_in("en"))


async def test_the_history_is_the_worst_of_all_pairs(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/v1/history")).json()

    assert answer["samples"] == [
        {
            "at": 1.0,
            "sites": {
                "dc-a": {"lag_ms": 4.0, "portals": 14},
                "dc-b": {"lag_ms": None, "portals": 14},
            },
        }
    ]


def test_the_history_does_not_grow_for_ever() -> None:
    history = History()
    for _ in range(SAMPLES + 5):
        history.note(a_status())

    assert len(history.to_json()["samples"]) == SAMPLES


async def test_the_history_is_kept_while_the_service_runs() -> None:
    history, asked = History(), asyncio.Event()

    async def read() -> Json:
        asked.set()
        return a_status()

    async with history.kept(read):
        async with asyncio.timeout(20):
            await asked.wait()
        await asyncio.sleep(0)

    assert len(history.to_json()["samples"]) == 1


@pytest.mark.skipif(which("node") is None, reason="nobody here reads JavaScript")
def test_the_script_is_javascript() -> None:
    script = routes.HERE / "page.js"
    subprocess.run(("node", "--check", str(script)), check=True, timeout=30)  # noqa: S603, S607 - ours
