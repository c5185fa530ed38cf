"""The JSON of webhooks and event handlers."""
