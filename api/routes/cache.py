"""Look at cached answers and take them away: a tenant's own, and nobody else's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import cached
from api.document import refusals, shown
from api.problems import Problem
from api.state import state_of
from workers.contracts.audit import CacheAudit
from workers.contracts.caching import CacheChoice, CacheEntryDetail, CachePage, CacheRemoved

router = APIRouter(tags=["cache"])
JSON = "application/json"
EntryId = Annotated[str, Path(description="the entry's id", examples=[cached.ENTRY_ID])]


class Chosen(BaseModel):
    """Which entries are meant; a misspelt parameter is refused, since it would otherwise not be missed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: str | None = Field(
        default=None, pattern="^[0-9a-f]{32}$", description="only entries of this scope, as an entry names it"
    )
    tag: str | None = Field(
        default=None,
        min_length=1,
        max_length=512,
        description="only entries with this tag: the metadata `cache_tag` of the job that gave the answer, one or several"
        " with commas between them",
    )
    older_than_s: float | None = Field(
        default=None, ge=0, le=1e9, description="only entries stored longer ago than this, in seconds"
    )

    @property
    def choice(self) -> CacheChoice:
        """The same for the client."""
        return CacheChoice(self.scope, self.tag, self.older_than_s)


class Listed(Chosen):
    """Which entries are listed."""

    limit: int = Field(default=20, ge=1, le=1000, description="most entries on the page")
    cursor: str | None = Field(
        default=None,
        max_length=512,
        description="`next_cursor` of the page before",
        json_schema_extra={"pattern": "^[0-9A-Za-z_-]+$"},
    )


class Removed(Chosen):
    """Which entries are removed."""

    everything: bool = Field(default=False, alias="all", description="`true` removes all entries that the others allow")


@router.get(
    "/v1/cache",
    summary="List cached answers, newest first",
    response_model=CachePage,
    responses={200: shown("entries that you stored, with their hits and savings", two=cached.PAGE), **refusals(422)},
)
async def page(request: Request, query: Annotated[Listed, Query()]) -> Response:
    """List the entries that this tenant stored, with how often each was given and what that saved."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:read")
    if query.limit > state.settings.api.page_limit:
        raise Problem(422, "invalid_request", f"must be at most {state.settings.api.page_limit}", field="limit")
    found = await state.client.cache.page(tenant, query.choice, limit=query.limit, cursor=query.cursor)
    return Response(found.model_dump_json(), media_type=JSON)


@router.get(
    "/v1/cache/audit",
    summary="What audits of cached answers found",
    response_model=CacheAudit,
    responses={200: shown("error rates by scope, and how strict each is for that", audit=cached.AUDIT), **refusals()},
)
async def audit(request: Request) -> Response:
    """Tell by scope how many answers were answered again, how many of these were wrong, and what follows from it."""
    state = state_of(request)
    found = await state.client.cache.audit(state.gate.tenant(request, "jobs:read"))
    return Response(found.model_dump_json(), media_type=JSON)


@router.get(
    "/v1/cache/{entry}",
    summary="Read a cached answer, and who was given it",
    response_model=CacheEntryDetail,
    responses={200: shown("the entry", detail=cached.DETAIL), **refusals(404, 422)},
)
async def read(request: Request, entry: EntryId) -> Response:
    """Show what was asked, the answer, and the latest jobs that were given it with the reason why."""
    state = state_of(request)
    found = await state.client.cache.get(state.gate.tenant(request, "jobs:read"), entry)
    return Response(found.model_dump_json(), media_type=JSON)


@router.delete(
    "/v1/cache/{entry}",
    summary="Remove a cached answer",
    response_model=CacheRemoved,
    responses={200: shown("removed everywhere", removed=cached.REMOVED), **refusals(404, 422)},
)
async def remove(request: Request, entry: EntryId) -> Response:
    """Remove one entry: no process serves it from its next look-up on."""
    state = state_of(request)
    done = await state.client.cache.remove(state.gate.tenant(request, "jobs:write"), entry)
    return Response(done.model_dump_json(), media_type=JSON)


@router.delete(
    "/v1/cache",
    summary="Remove cached answers by scope, tag or age",
    response_model=CacheRemoved,
    responses={200: shown("how many were removed", removed=cached.REMOVED), **refusals(422)},
)
async def remove_chosen(request: Request, query: Annotated[Removed, Query()]) -> Response:
    """Remove the entries that fit every parameter given; `all=true` is needed when none is."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:write")
    if query.choice == CacheChoice() and not query.everything:
        detail = "say which entries: `scope`, `tag`, `older_than_s`, or `all=true` for every one"
        raise Problem(422, "invalid_request", detail, field="all")
    done = await state.client.cache.remove_chosen(tenant, query.choice)
    return Response(done.model_dump_json(), media_type=JSON)
