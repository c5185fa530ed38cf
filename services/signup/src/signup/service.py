"""The use case: one person signs up."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from functools import partial
from typing import Any

from blobs.errors import StorageRefusedError
from db.errors import OutcomeUnknownError
from kernel.errors import InvalidFieldsError, UnavailableError
from kernel.ids import PortalId, new_portal_id
from kernel.sealing import Sealer
from kernel.settings import Settings
from signup import answers, hold
from signup.calls import PeerUnavailableError
from signup.conductor import TRANSIENT, Conductor
from signup.directory import Directory
from signup.errors import (
    ClaimLostError,
    HostTakenError,
    SignupPendingError,
    SignupUndoneError,
    StepRefusedError,
)
from signup.form import Filled
from signup.hold import Hold
from signup.idempotency import Key, Record, Records
from signup.passwords import Hasher
from signup.patience import patiently
from signup.saga import Credentials, Saga
from telemetry import logs

_log = logging.getLogger(__name__)

BUDGET_SECONDS = 15.0
WAIT_SECONDS = 10.0  # for another request with the same key
LOOK_SECONDS = 0.1  # between two looks at what another runner does
MOST_AT_ONCE = 100
REFUSED = (StepRefusedError, StorageRefusedError)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer, and whether it is that of an earlier request with the same key."""

    answer: Mapping[str, Any]
    repeated: bool = False


class Progress(Enum):
    """How far the earlier requests with a key came."""

    NONE = auto()  # nothing is claimed
    UNDER_WAY = auto()
    ANSWERED = auto()


class Signup:
    """Registers portals, a bounded number at once."""

    def __init__(
        self,
        *,
        directory: Directory,
        conductor: Conductor,
        records: Records,
        hasher: Hasher,
        sealer: Sealer,
        settings: Settings,
    ) -> None:
        self._directory = directory
        self._conductor = conductor
        self._records = records
        self._hasher = hasher
        self._sealer = sealer
        self._settings = settings
        self._running = 0

    async def sign_up(self, filled: Filled, key: Key | None) -> Outcome:
        """Make the portal and return the answer.

        Raises ``HostTakenError`` and ``InvalidFieldsError`` when nothing was done,
        ``SignupPendingError`` when it goes on without us, ``SignupUndoneError`` when it cannot be,
        ``OutcomeUnknownError`` when it is not known whether the host was reserved.
        """
        async with self._one_of_many(), _within(BUDGET_SECONDS):
            if key is None:
                return Outcome(await self._make(filled, new_portal_id()))
            return await self._once_per_key(filled, key)

    async def _once_per_key(self, filled: Filled, key: Key) -> Outcome:
        wait_until = hold.now() + WAIT_SECONDS
        while hold.now() < wait_until:
            record, is_new = await patiently(partial(self._records.begin, key, new_portal_id()))
            progress = Progress.NONE if is_new else await self._progress(key, record)
            if progress is Progress.ANSWERED and record.answer is not None:
                return Outcome(record.answer, repeated=True)
            if progress is Progress.NONE:
                # Whoever was here before us may be about to claim: one of us will be first.
                try:
                    return Outcome(await self._make(filled, record.portal, key))
                except ClaimLostError:
                    _log.info("another request with the same key was quicker")
            await asyncio.sleep(LOOK_SECONDS)
        raise SignupPendingError(retry_after=5)

    async def _progress(self, key: Key, record: Record) -> Progress:
        """Tell how far an earlier request came.

        The record is read before the claim, and an undoing removes it before the claim: so a missing
        claim proves something only if the record is still there afterwards.
        """
        claim = await self._directory.find_claim(record.portal)
        if claim is not None and claim.is_open:
            return Progress.UNDER_WAY
        if claim is None and await self._records.find(key.record) != record:
            return Progress.UNDER_WAY  # it changed between two looks: look again
        if record.answer is not None:
            return Progress.ANSWERED
        return Progress.NONE if claim is None else Progress.UNDER_WAY

    async def _make(
        self, filled: Filled, portal: PortalId, key: Key | None = None
    ) -> Mapping[str, Any]:
        with logs.bound(portal=str(portal)):
            try:
                ours = await self._claim(filled, portal, key)
            except (HostTakenError, InvalidFieldsError):
                if key is not None:
                    await patiently(partial(self._records.forget, key.record, portal))
                raise
            return await self._finish(ours)

    async def _claim(self, filled: Filled, portal: PortalId, key: Key | None) -> Hold:
        """Reserve the host; with it the whole saga is written, and can be completed by any node."""
        application = filled.application
        password_hash = await self._hasher.hash(filled.password)
        where = await self._directory.place(application.region)
        saga = Saga(
            portal=portal,
            pair=where.pair,
            home=where.home,
            application=application,
            credentials=Credentials.fresh(password_hash),
            started_at=datetime.now(tz=UTC),
            step=self._conductor.first_step,
            idempotency=key.record if key else None,
            runner=secrets.token_hex(8),
        )
        document, asked_at = saga.document(self._sealer), hold.now()
        try:
            claim = await self._directory.claim(
                portal, application.host, where, document, locale=application.locale
            )
        except PeerUnavailableError as error:
            raise OutcomeUnknownError from error  # if it was made, recovery will complete it
        # from here on the label is as the routing service writes it (IDNA)
        saga = replace(saga, application=replace(application, host=claim.host))
        return Hold(self._directory, self._sealer, claim, saga, since=asked_at)

    async def _finish(self, ours: Hold) -> Mapping[str, Any]:
        try:
            return await self._conductor.complete(ours)
        except ClaimLostError:
            return await self._outcome_of_another(ours.saga)
        except TRANSIENT as error:
            raise SignupPendingError(retry_after=5) from error
        except REFUSED as error:
            _log.exception("sign-up refused, undoing it")
            await self._undo(ours)
            raise SignupUndoneError from error

    async def _undo(self, ours: Hold) -> None:
        try:
            await self._conductor.undo(ours)
        except (ClaimLostError, *TRANSIENT) as error:
            _log.warning("undoing is left to recovery", extra={"reason": repr(error)})

    async def _outcome_of_another(self, saga: Saga) -> Mapping[str, Any]:
        """Wait for whoever took the claim over; the caller's budget bounds it."""
        while True:
            claim = await self._directory.find_claim(saga.portal)
            if claim is None:
                # published and tidied up long ago: the id of the administrator went with the claim
                published = await self._directory.is_published(saga.portal)
                raise SignupPendingError(retry_after=1) if published else SignupUndoneError
            if not claim.is_open:
                return answers.of(replace(saga, user=claim.saga["user"]), self._settings)
            await asyncio.sleep(LOOK_SECONDS)

    @asynccontextmanager
    async def _one_of_many(self) -> AsyncIterator[None]:
        if self._running >= MOST_AT_ONCE:
            raise UnavailableError(retry_after=2)
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Tell the client to come back when the time is up; what was claimed goes on by ``recovery``."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise SignupPendingError(retry_after=5) from None
