"""Does a ``mail.send`` job."""

from pydantic import ValidationError

from jobs.claims import Claim
from jobs.mail import Mail
from jobs.outcomes import Dead, Failed, Outcome
from kernel.settings import Settings
from worker.mail import letters, message
from worker.mail.delivery import Relay
from worker.mail.letters import LetterError
from worker.mail.message import AddressError


class MailHandler:
    """Renders and delivers. A retry sends the same message again, under the same ``Message-ID``."""

    def __init__(self, relay: Relay, settings: Settings) -> None:
        self._relay = relay
        self._sender = settings.mail_from
        self._domain = settings.base_domain

    async def __call__(self, claim: Claim) -> Outcome:
        """Send the mail, or say why it cannot be sent."""
        try:
            mail = Mail.model_validate_json(claim.payload)
            letter = letters.render(mail)
            built = message.build(
                letter,
                sender=self._sender,
                to=mail.to,
                message_id=f"<job-{claim.job}.portal-{claim.portal}@{self._domain}>",
                at=claim.created_at,
            )
        except ValidationError:
            return Dead("the payload is not a mail")
        except LetterError as error:
            return Dead(str(error))
        except AddressError as error:
            return Failed(str(error))
        return await self._relay.deliver(built)
