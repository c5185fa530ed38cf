"""``python -m portal``: one web node."""

import os

from kernel import secrets, settings
from portal.app import create_app
from telemetry import logs
from web import server


def main() -> None:
    """Serve the node that the environment names."""
    installation = settings.load()
    site, node = os.environ["PORTICO_SITE"], os.environ["PORTICO_NODE"]
    logs.configure("portal", site, node)
    app = create_app(
        installation, secrets.load(installation.secrets_dir, "portal"), site=site, node=node
    )
    number = int(node.rsplit("-", 1)[1])
    server.run(app, installation.site(site).address, installation.ports.portal + number - 1)


if __name__ == "__main__":
    main()
