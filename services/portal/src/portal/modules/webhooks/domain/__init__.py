"""The rules of webhooks: plain Python, no database, no HTTP, no clock."""
