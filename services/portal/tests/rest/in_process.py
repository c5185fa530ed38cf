"""The surface in this process, over a database that only notes what is done to it."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI
from typing_extensions import override

from cache import Cache
from db.errors import DuplicateKeyError
from db.sessions import WriteSession
from kernel.errors import PorticoError
from portal.context import SCOPE_KEY, RequestContext
from portal.rest import dispatch, failures, registry
from portal.rest.limits import Allowance
from portal.rest.method import Call, Caller, CallError, Listed, Method
from portal.unit import UNDONE
from web import app as web_app
from web import problems

CODE = "abcsecret1234567"
ADMIN = Caller(1, "admin", frozenset({"crm", "user"}), 7)
NOBODY_LISTENS = ("127.0.0.1", 9)
LIMIT_BYTES = 1_048_576


class Session(WriteSession):
    """Keeps the rows of idempotency keys, as committed and as written, and the things made."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._facts = []
        self.now = datetime.now(tz=UTC)
        self.is_named = False
        self.things = list(store.things)
        self.keys = dict(store.keys)

    @override
    async def insert(self, statement: Any, **values: Any) -> int:
        name = values["name"]
        if name in self.keys:
            raise DuplicateKeyError("PRIMARY")
        self.keys[name] = [values["fingerprint"], None, None, None]
        return 0

    @override
    async def first(self, statement: Any, **values: Any) -> Any:
        return self.keys.get(values["key"])

    @override
    async def all(self, statement: Any, **values: Any) -> Any:
        return []

    @override
    async def change(self, statement: Any, **values: Any) -> int:
        answer = values["new_status"], values["new_headers"], values["new_body"]
        self.keys[values["key"]][1:] = answer
        return 1

    @override
    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        known = list(self.things)
        try:
            yield
        except PorticoError as error:
            if isinstance(error, failures.OF_THE_TRANSACTION):
                raise
            self.things = known
            raise
        except CallError:
            self.things = known
            raise


class Store:
    """What is committed, and what happens on the way; ``failures`` are raised at the next commits."""

    def __init__(self) -> None:
        self.things: list[str] = []
        self.keys: dict[bytes, list[Any]] = {}
        self.failures: list[Exception | None] = []
        self.counted: Counter[str] = Counter()
        self.undone: PorticoError | None = None

    @asynccontextmanager
    async def writing(self, *_: Any) -> AsyncIterator[Session]:
        self.counted["transactions"] += 1
        session = Session(self)
        yield session
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.things, self.keys = session.things, session.keys

    @asynccontextmanager
    async def reading(self, *_: Any) -> AsyncIterator[SimpleNamespace]:
        self.counted["readings"] += 1
        yield SimpleNamespace(things=self.things)


async def add(call: Call) -> int:
    """Make a thing; ``boom`` in its title fails after it was made."""
    title = call.parameters.map("fields").get("TITLE")
    session: Any = call.context.writer
    session.things.append(str(title))
    if "boom" in str(title):
        raise CallError(400, "", "Boom.")
    return len(session.things)


async def listed(call: Call) -> Listed:
    """List the things, in pages."""
    session: Any = call.context.session
    start, after = call.parameters.start, call.parameters.map("filter").get(">ID", 0)
    if after == "":
        return Listed([], 0)
    call.context.resources.counted["queries"] += 1  # type: ignore[attr-defined]  # the store's
    things = [{"ID": str(n), "TITLE": t} for n, t in enumerate(session.things, 1)]
    things = [thing for thing in things if int(thing["ID"]) > int(after)]
    total = len(things) if start.is_counted else None
    return Listed(things[start.offset :][:50], total, start.offset)


async def echoed(call: Call) -> Any:
    return call.parameters.values


async def fail(call: Call) -> Any:
    raise call.parameters.get("error")


def method_that_raises(error: Exception) -> Method:
    """Return a method that fails in this way."""

    async def run(call: Call) -> Any:
        raise error

    return Method("test.fail", (), run, writes=isinstance(error, PorticoError))


METHODS = (
    Method("thing.add", ("crm",), add, writes=True),
    Method("thing.list", ("crm",), listed),
    Method("thing.echo", (), echoed),
    Method("thing.upload", (), echoed, batchable=False),
    Method("thing.admin", (), echoed, admin=True),
    Method("task.add", ("task", "tasks"), add, writes=True, differs="It is not there."),
)


class Here:
    """A portal that answers in this process."""

    def __init__(
        self,
        *methods: Method,
        caller: Caller = ADMIN,
        allowance: Allowance | None = None,
        methods_instead: Iterable[Method] = METHODS,
    ) -> None:
        self.store = Store()
        self.cache = Cache([NOBODY_LISTENS])
        self._caller = caller
        self._allowance = allowance or Allowance()
        self._app = web_app.create(
            "test", lifespan=web_app.nothing_to_open, ready=self._ready, openapi_url=None
        )
        self._app.include_router(dispatch.router)
        problems.answer_otherwise(self._app, failures.PREFIX, failures.Shape())
        self._app.state.rest = dispatch.Surface(
            registry.gathered(methods_instead, methods), self._identify, self._allowance_of
        )

    @property
    def app(self) -> FastAPI:
        return self._app

    def client(self, address: str = "10.0.0.1") -> httpx.AsyncClient:
        """Return a client that comes from this address."""
        transport = httpx.ASGITransport(self._asgi, client=(address, 1), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://acme.test")

    async def call(self, method: str, parameters: Any = None, **headers: str) -> httpx.Response:
        """Call a method by the webhook, with JSON."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client() as client:
            path = f"/rest/1/{CODE}/{method}"
            return await client.post(path, json=parameters or {}, headers=names)

    async def result(self, method: str, parameters: Any = None) -> Any:
        """Return the result of a call that succeeds."""
        answer = await self.call(method, parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    async def _asgi(self, scope: Any, receive: Any, send: Any) -> None:
        settings = SimpleNamespace(limits=SimpleNamespace(json_body_bytes=LIMIT_BYTES), sites=())
        resources: Any = SimpleNamespace(
            writing=self.store.writing,
            reading=self.store.reading,
            counted=self.store.counted,
            settings=settings,
            cache=self.cache,
        )
        route: Any = SimpleNamespace(portal=1)
        scope["state"] = {}
        scope[SCOPE_KEY] = RequestContext(route, resources, "en")
        await self._app(scope, receive, send)
        self.store.undone = scope.get(UNDONE)

    async def _ready(self) -> None:
        return None

    async def _identify(self, _: RequestContext, user_id: int, code: str) -> Caller | None:
        return self._caller if (user_id, code) == (1, CODE) else None

    async def _allowance_of(self, _: RequestContext) -> Allowance:
        return self._allowance
