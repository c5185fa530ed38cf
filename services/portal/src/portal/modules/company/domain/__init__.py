"""The rules of people, their profiles and sessions, and of departments. No database, no HTTP, no clock."""
