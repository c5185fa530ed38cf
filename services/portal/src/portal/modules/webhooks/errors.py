"""How use of webhooks and event handlers can fail."""

from kernel.errors import GoneError, InvalidError, LimitReachedError, NotFoundError


class WebhookNotFoundError(NotFoundError):
    """No such webhook, or it is not the asker's to know."""

    code = "webhook-not-found"


class WebhookRevokedError(GoneError):
    """The webhook was revoked; make a new one."""

    code = "webhook-revoked"


class WebhookUserError(InvalidError):
    """Nobody active in this portal has this id, so nobody could be acted for."""

    code = "webhook-user-not-active"


class ScopeUnknownError(InvalidError):
    """A scope that does not exist."""

    code = "scope-unknown"


class WebhookLimitError(LimitReachedError):
    """The portal has as many webhooks as it may have."""

    code = "limit.webhooks"


class HandlerNotFoundError(NotFoundError):
    """No such event handler."""

    code = "event-handler-not-found"


class EventUnknownError(InvalidError):
    """Nobody is told of such an event."""

    code = "event-unknown"


class EventUrlError(InvalidError):
    """Nothing could be sent to this address."""

    code = "event-url-malformed"


class DeadLetterNotFoundError(NotFoundError):
    """No such dead letter of this handler."""

    code = "dead-letter-not-found"


class HandlerLimitError(LimitReachedError):
    """The portal has as many event handlers as it may have."""

    code = "limit.event-handlers"
