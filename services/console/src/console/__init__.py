"""``portico``, the operator's command: looks at an installation and acts on it through its APIs.

It needs nothing but the settings file, the operator's secrets and the servers' own interfaces:
supervisord's socket, each process's health, the routing service's HTTP API.
"""
