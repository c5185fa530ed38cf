"""Webhooks: secret addresses by which programs call the portal, and addresses the portal calls.

Inbound: a webhook is a code in a path, and whoever knows it acts as its user within its scopes. Outgoing:
an event handler is an address that is told of events. Start reading at ``domain``.
"""
