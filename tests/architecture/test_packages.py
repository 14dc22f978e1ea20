"""What is installed is everything: a package that pyproject.toml forgot works in a checkout and is missing in a wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_is_installed() -> None:
    """Each folder with modules of the two top-level packages is in the list."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    found = {
        ".".join(folder.parent.relative_to(ROOT).parts)
        for top in ("api", "workers")
        for folder in (ROOT / top).rglob("*.py")
    }
    assert sorted(listed) == sorted(found)
