"""The rules of files, their names, their space and their uploads. No database, no HTTP, no clock."""
