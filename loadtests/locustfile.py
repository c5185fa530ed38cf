"""Companies at work: each user signs up a portal, then creates, reads and lists leads and keeps files.

Run it against a running cluster: ``make load``, or with the browser page of locust:
``.venv/bin/locust -f loadtests/locustfile.py``.
"""

import secrets

from locust import HttpUser, between, task
from typing_extensions import override

from kernel.settings import load

SETTINGS = load()
FILE = secrets.token_bytes(256 * 1024)


class Company(HttpUser):
    """One company with one person at work."""

    host = f"http://{SETTINGS.door.address}:{SETTINGS.door.http}"
    wait_time = between(0.1, 0.5)

    @override
    def on_start(self) -> None:
        """Sign up; everything else is done as the new administrator."""
        label = f"load-{secrets.token_hex(5)}"
        body = {
            "company": f"Нагрузка {label}",
            "host": label,
            "email": f"admin@{label}.example",
            "password": secrets.token_urlsafe(12),
            "region": secrets.choice(["ru", "eu"]),
        }
        headers = {"Host": SETTINGS.base_domain, "Idempotency-Key": secrets.token_hex(16)}
        made = self.client.post("/api/v1/signup", json=body, headers=headers).json()
        self.client.headers["Host"] = made["portal"]["host"]
        self.client.headers["Authorization"] = f"Bearer {made['token']}"
        self.lead = self._created()

    @task(3)
    def create_lead(self) -> None:
        """Write one lead."""
        self.lead = self._created()

    @task(6)
    def read_lead(self) -> None:
        """Read the lead written last."""
        self.client.get(f"/api/v1/crm/leads/{self.lead}", name="/api/v1/crm/leads/{id}")

    @task(3)
    def list_leads(self) -> None:
        """Look at the newest fifty."""
        self.client.get("/api/v1/crm/leads")

    @task(1)
    def keep_file(self) -> None:
        """Upload a file and fetch it back."""
        name = f"{secrets.token_hex(6)}.bin"
        path = f"/api/v1/drive/files?name={name}"
        made = self.client.post(path, data=FILE, name="/api/v1/drive/files").json()
        content = f"/api/v1/drive/files/{made['id']}/content"
        self.client.get(content, name="/api/v1/drive/files/{id}/content")

    def _created(self) -> int:
        body = {"title": f"Лид {secrets.token_hex(4)}", "amount": "1500.50"}
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        made = self.client.post("/api/v1/crm/leads", json=body, headers=headers)
        return int(made.json()["id"])
