"""What the rest of the portal may ask about webhooks: by whose leave a call is made."""

from portal.modules.webhooks.wiring.identity import identify

__all__ = ["identify"]
