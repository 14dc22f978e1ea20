"""The web page: submit a query and watch it while a model thinks. Plain files, nothing from elsewhere."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from fastapi import APIRouter, Response

router = APIRouter(include_in_schema=False)
KINDS = {"index.html": "text/html", "page.js": "text/javascript", "page.css": "text/css"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@router.get("/")
async def index() -> Response:
    """Serve the page."""
    return _file("index.html")


@router.get("/page.js")
async def script() -> Response:
    """Serve the page's script."""
    return _file("page.js")


@router.get("/page.css")
async def style() -> Response:
    """Serve the page's style."""
    return _file("page.css")


def _file(name: str) -> Response:
    return Response(_read(name), media_type=KINDS[name], headers=HEADERS)


@lru_cache
def _read(name: str) -> bytes:
    return (resources.files("api.pages") / name).read_bytes()
