"""What tests share: the running cluster, portals signed up in it, its mails, servers of a test's own.

Loaded by pytest as plugins (see ``addopts`` in the root's pyproject.toml); no service imports it.
"""
