"""The rules of leads, contacts, lists, and of leads in bulk. No database, no HTTP, no clock of its own."""
