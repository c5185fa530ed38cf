"""Webhooks and event handlers in the database."""
