"""Runs curl as the client of file transfers: unlike wrk it follows a redirect to the object store."""

import json
import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

SECONDS_AT_MOST = 120
_REPORT = '{"status":%{http_code},"seconds":%{time_total}}\n'


@dataclass(frozen=True, slots=True)
class Transfers:
    """The URLs are asked once each, so many at a time; ``body_bytes`` go to each, if any."""

    urls: Sequence[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    body_bytes: int = 0
    at_once: int = 4

    def run(self) -> dict[str, float]:
        """Transfer them all; return the figures of ``loadtests.rounds``."""
        with TemporaryDirectory() as folder:
            asked = Path(folder, "asked")
            asked.write_text("\n".join(self._options(Path(folder))), encoding="utf-8")
            asked.chmod(0o600)  # a token is in it
            command = ["curl", "--config", str(asked), "--parallel-max", str(self.at_once)]
            started = time.monotonic()
            done = subprocess.run(  # noqa: S603  # our own arguments
                command, capture_output=True, text=True, timeout=SECONDS_AT_MOST, check=True
            )
            seconds = time.monotonic() - started
        return _figures([json.loads(line) for line in done.stdout.splitlines()], seconds)

    def _options(self, folder: Path) -> list[str]:
        options = ["silent", "show-error", "parallel", "location", "fail-early"]
        options += [f"request = {self.method}"] if self.body_bytes else []
        # curl's own guess, and a wait for "100 Continue" that no floor would have
        headers = {"Content-Type": "application/octet-stream", **self.headers}
        options += [f'header = "{name}: {value}"' for name, value in headers.items()]
        options += ["header = Expect:", f"write-out = {json.dumps(_REPORT)}"]
        body = folder / "body"
        body.write_bytes(b"portico." * (self.body_bytes // 8))
        for url in self.urls:
            options += [f'url = "{url}"', f"output = {os.devnull}"]
            options += [f"upload-file = {body}"] if self.body_bytes else []
        return options


def _figures(answers: Sequence[Mapping[str, float]], seconds: float) -> dict[str, float]:
    times = statistics.quantiles((a["seconds"] * 1e3 for a in answers), n=100)
    failed = sum(a["status"] not in {200, 201} for a in answers)
    return {
        "requests": len(answers),
        "seconds": seconds,
        "p50_ms": times[49],
        "p99_ms": times[98],
        "failed": failed,
    }
