"""The JSON of webhooks."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from kernel.settings import Settings
from portal.modules.webhooks.domain.inbound import LONGEST_TITLE, Made, Webhook
from portal.modules.webhooks.domain.scopes import SCOPES


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("control characters are not allowed")
    return text


Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_TITLE),
    AfterValidator(_printable),
]
Scope = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Scopes = Annotated[
    list[Scope],
    Field(max_length=len(SCOPES), description="what it may be used for", examples=[["crm"]]),
]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WebhookIn(_Body):
    """A webhook to make."""

    user_id: RowId | None = Field(
        default=None, description="as whom it acts: you, if left out; others only by administrators"
    )
    title: Title = ""
    scopes: Annotated[Scopes, Field(min_length=1)]


class WebhookForIn(WebhookIn):
    """A webhook that the operator makes: somebody must be named."""

    user_id: RowId


class WebhookChangeIn(_Body):
    """What to change of a webhook; what is left out stays."""

    title: Title | None = None
    scopes: Annotated[Scopes, Field(min_length=1)] | None = None


class WebhookOut(BaseModel):
    """A webhook, without its code: that was shown when it was made."""

    id: int
    user_id: int = Field(description="as whom it acts")
    title: str
    scopes: list[str]
    created_at: datetime
    created_by: int | None = Field(description="null is the operator")
    last_used_at: datetime | None = Field(description="to some minutes")
    revoked_at: datetime | None

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """Map the domain to the wire."""
        return cls(**_values(webhook))


class WebhookMadeOut(WebhookOut):
    """A fresh webhook; its code is shown this once."""

    code: str = Field(repr=False)
    url: str = Field(repr=False, description="append a method and call it")
    http_url: str = Field(repr=False, description="the same without TLS")

    @classmethod
    def made(cls, made: Made, settings: Settings, label: str) -> Self:
        """Map a fresh webhook of the portal with this host label to the wire."""
        path = f"/rest/{made.webhook.user_id}/{made.code}/"
        return cls(
            **_values(made.webhook),
            code=made.code,
            url=settings.portal_url(label, "https") + path,
            http_url=settings.portal_url(label) + path,
        )


def _values(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "user_id": webhook.user_id,
        "title": webhook.title,
        "scopes": list(webhook.scopes),
        "created_at": webhook.created_at,
        "created_by": webhook.created_by,
        "last_used_at": webhook.last_used_at,
        "revoked_at": webhook.revoked_at,
    }
