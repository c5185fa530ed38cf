"""``python -m signup``: the signup service of one datacentre."""

import os

from kernel import secrets, settings
from signup.app import create_app
from telemetry import logs
from web import server


def main() -> None:
    """Serve the datacentre that the environment names."""
    installation = settings.load()
    site, node = os.environ["PORTICO_SITE"], os.environ["PORTICO_NODE"]
    logs.configure("signup", site, node)
    app = create_app(installation, secrets.load(installation.secrets_dir, "signup"), site=site)
    server.run(app, installation.site(site).address, installation.ports.signup)


if __name__ == "__main__":
    main()
