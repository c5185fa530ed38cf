"""What other modules may know about webhooks."""

from typing import NewType

WebhookId = NewType("WebhookId", int)
HandlerId = NewType("HandlerId", int)
DeliveryId = NewType("DeliveryId", int)
