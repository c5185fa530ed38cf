"""``python -m routing``: serve the site of ``PORTICO_SITE``."""

import os

import kernel.secrets
import kernel.settings
import web.server
from routing.app import create_app
from telemetry import logs


def main() -> None:
    """Read settings and secrets, and serve until SIGTERM."""
    settings = kernel.settings.load()
    site = os.environ["PORTICO_SITE"]
    logs.configure("routing", site, os.environ.get("PORTICO_NODE", "routing"))
    token = kernel.secrets.load(settings.secrets_dir, "routing")["internal_token"]
    app = create_app(settings, site, token)
    web.server.run(app, settings.site(site).address, settings.ports.routing)


if __name__ == "__main__":
    main()
