"""The step that reads entries names its fields in Lua; Python takes them by their place."""

from __future__ import annotations

import re

from workers.contracts.audit import TEMPER_FIELDS
from workers.store.cache_log import FOUND
from workers.store.scripts import LUA


def test_the_fields_are_those_that_python_takes_by_their_place() -> None:
    """The scope's first, then an entry's, in the same order."""
    calls = re.findall(r"HMGET',(.*?)\)", (LUA / "cache_look.lua").read_text("utf-8"), re.DOTALL)
    scope, entry = (tuple(re.findall(r"'([a-z_]+)'", call)) for call in calls)
    assert scope == TEMPER_FIELDS
    assert entry == FOUND
