"""The web page: submit a query and watch it while a model thinks. Plain files, nothing from elsewhere."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from fastapi import APIRouter, Response

from workers.contracts.errors import NotFound

router = APIRouter(include_in_schema=False)
KINDS = {"css": "text/css", "js": "text/javascript", "html": "text/html"}
ASSETS = frozenset({"page.css", "page.js", "calls.js", "card.js", "words.js"})
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@router.get("/")
async def index() -> Response:
    """Serve the page."""
    return _file("index.html")


@router.get("/assets/{name}")
async def asset(name: str) -> Response:
    """Serve a script or the style of the page."""
    if name not in ASSETS:
        raise NotFound("there is nothing at this address")
    return _file(name)


def _file(name: str) -> Response:
    return Response(_read(name), media_type=KINDS[name.rpartition(".")[2]], headers=HEADERS)


@lru_cache
def _read(name: str) -> bytes:
    return (resources.files("api.pages") / name).read_bytes()
