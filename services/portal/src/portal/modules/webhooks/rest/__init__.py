"""The compatible methods of events: event.bind, event.get, event.unbind, events."""

from portal.modules.webhooks.rest import events
from portal.rest.method import Method

METHODS: tuple[Method, ...] = events.METHODS
