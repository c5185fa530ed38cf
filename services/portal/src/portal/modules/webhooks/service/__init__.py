"""The use cases of webhooks and event handlers."""
