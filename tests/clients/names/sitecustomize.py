"""Finds every host of the installation at its front door, like a DNS server; the clients stay as they are.

``PORTICO_NAMES`` says which (``portico.localhost=127.24.0.1``), ``PORTICO_HTTPS_PORT`` what stands for 443.
"""

import os
import socket
from typing import Any

_domain, _, _door = os.environ["PORTICO_NAMES"].partition("=")
_https = int(os.environ.get("PORTICO_HTTPS_PORT", "443"))
_find = socket.getaddrinfo


def _getaddrinfo(host: Any, port: Any, *words: Any, **options: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name == _domain or name.endswith(f".{_domain}"):
        return _find(_door, _https if port == 443 else port, *words, **options)
    return _find(host, port, *words, **options)


socket.getaddrinfo = _getaddrinfo
