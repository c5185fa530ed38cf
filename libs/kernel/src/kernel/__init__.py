"""What everything else stands on: settings, identities, kinds of failure, conditions, sealing of secrets.

No I/O but reading the settings file and the secrets of one's own role. Import the submodules:
``kernel.settings``, ``kernel.ids``, ``kernel.errors``, ``kernel.messages``, ``kernel.sealing``,
``kernel.secrets``, ``kernel.conditions``.
"""
