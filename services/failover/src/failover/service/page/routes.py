"""``GET /`` and the files it asks for."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template

import orjson
from fastapi import APIRouter, Request, Response

from failover.service.page.history import History, Json
from kernel import messages

HERE = files("failover.service.page")
LABELS = Path(str(HERE / "labels.toml"))
SPOKEN = ("en", "ru")
TYPES = {"page.js": "text/javascript", "page.css": "text/css"}
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def router(history: History) -> APIRouter:
    """Return the routes; everybody may look, as at the status."""
    routes = APIRouter()

    @routes.get("/", include_in_schema=False)
    async def show_page(request: Request) -> Response:
        wanted = messages.negotiate(request.headers.get("accept-language"))
        locale = wanted if wanted in SPOKEN else messages.DEFAULT_LOCALE
        headers = {**HEADERS, "Content-Language": locale, "Vary": "Accept-Language"}
        return Response(page(locale), headers=headers, media_type="text/html; charset=utf-8")

    @routes.get("/static/{name}", include_in_schema=False)
    async def show_file(name: str) -> Response:
        if name not in TYPES:
            return Response(status_code=404)
        return Response(text(name), headers=HEADERS, media_type=f"{TYPES[name]}; charset=utf-8")

    @routes.get("/v1/history", summary="The last quarter of an hour, for the plots")
    async def read_history() -> Json:
        return history.to_json()

    return routes


@cache
def text(name: str) -> str:
    """Return one of our files."""
    return (HERE / name).read_text(encoding="utf-8")


@cache
def page(locale: str) -> str:
    """Return the page in a language; the labels that the script needs go along as JSON."""
    labels = labels_in(locale)
    # "</script>" in a label would end the block
    data = orjson.dumps(labels).decode().replace("<", "\\u003c")
    names = {name.replace("-", "_"): label for name, label in labels.items()}
    return Template(text("page.html")).substitute(names, locale=locale, labels=data)


def labels_in(locale: str) -> Mapping[str, str]:
    """Return every label; English where there is no other."""
    catalogue = messages.load((LABELS,))
    return {code: catalogue.text(code, locale, {}) for code in sorted(catalogue.codes)}
