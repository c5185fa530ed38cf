"""``portico webhook``: the operator makes a webhook, uses it, lists it and revokes it."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from kernel.settings import SETTINGS_VARIABLE, Settings
from testkit.portals import TestPortal, client_of, door_url

PORTICO = Path(sys.executable).with_name("portico")


async def portico(*words: str) -> subprocess.CompletedProcess[str]:
    assert SETTINGS_VARIABLE in os.environ
    return await asyncio.to_thread(
        subprocess.run,
        [str(PORTICO), "webhook", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def answered(*words: str) -> dict[str, Any]:
    done = await portico(*words, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


async def test_a_webhook_from_its_making_to_its_end(settings: Settings, acme: TestPortal) -> None:
    user, host = str(acme.user_id), acme.host
    options = ("--portal", host, "--user", user, "--scopes", "crm,task,user", "--title", "[PBX]")
    made = await portico("create", *options)
    assert made.returncode == 0, made.stderr
    _, https, http = made.stdout.splitlines()
    path = http.removeprefix(settings.portal_url(acme.label))
    assert https == settings.portal_url(acme.label, "https") + path
    async with client_of(door_url(settings), host) as anybody:
        called = await anybody.get(path + "scope")
        assert called.json()["result"] == ["crm", "task", "user"]
        listed = (await answered("list", "--portal", acme.label))["webhooks"]
        (webhook,) = [w for w in listed if w["title"] == "[PBX]"]
        assert "code" not in webhook
        assert "[PBX]" in (await portico("list", "--portal", acme.label)).stdout
        revoked = await answered("revoke", str(webhook["id"]), "--portal", host)
        assert revoked == {"revoked": webhook["id"]}
        await asyncio.sleep(5)  # the promise itself
        assert (await anybody.get(path + "scope")).status_code == 401


async def test_what_does_not_exist_is_said_in_one_sentence(acme: TestPortal) -> None:
    portal, user = ("--portal", acme.label), ("--user", str(acme.user_id))
    wrong = {
        ("create", "--portal", "nobody-has-this", *user, "--scopes", "crm"): "there is no portal",
        ("create", *portal, "--user", "999999999", "--scopes", "crm"): "no active person 999999999",
        ("create", *portal, *user, "--scopes", "crm,everything"): "['everything']",
        ("revoke", "999999999", *portal): "no webhook 999999999",
        ("list", "--portal", "nobody-has-this"): "there is no portal",
    }
    for words, said in wrong.items():
        done = await portico(*words)
        assert done.returncode in {1, 3}, words
        assert said in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1
        assert not done.stdout
