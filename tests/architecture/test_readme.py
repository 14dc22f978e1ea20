"""What the README says about the code is true: its table's names exist, its commands exist, its links lead somewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def table_rows() -> list[str]:
    """The rows of the table of one job's way."""
    section = README.split("## One job's way")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if re.match(r"\| \d", line)]


def names_in(path: Path) -> set[str]:
    """The functions, classes and methods of a module, methods as `Class.method`."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{inner.name}"
                for inner in node.body
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return found


@pytest.mark.parametrize("row", table_rows(), ids=lambda row: row[2])
def test_the_names_in_the_table_exist(row: str) -> None:
    """Every file of the table exists, and has the functions and methods that stand behind it."""
    module: Path | None = None
    checked = 0
    for quoted in re.findall(r"`([^`]+)`", row.split("|")[2] + row.split("|")[3]):
        if "/" in quoted:
            module = ROOT / quoted
            assert module.is_file(), quoted
            checked += 1
        elif module is not None and module.suffix == ".py" and re.match(r"^[A-Za-z_.]+$", quoted):
            if quoted == "reasoning" and "settle" in module.name:
                continue
            assert quoted in names_in(module), f"{quoted} in {module.name}"
            checked += 1
    assert checked >= 1


def test_every_stage_of_the_table_is_there() -> None:
    """Eight rows: submit, classify, answer, fall back, extract, finish, deliver, reap."""
    assert len(table_rows()) == 8


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    """Files and folders that the README links exist."""
    assert (ROOT / link).exists()


def test_the_make_targets_exist() -> None:
    """Each `make …` of the README is a target."""
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make ([a-z-]+)", README.split("## For those")[0])):
        if target in ("up", "test", "demo", "help", "lint", "bench"):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_settings_in_the_readme_are_settings() -> None:
    """The TOML example loads."""
    import tomllib

    from workers.settings import Settings

    example = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert example is not None
    settings = Settings(_env_file=None, **tomllib.loads(example.group(1)))
    assert settings.lanes.fallback.model == "quick"
    for variable in re.findall(r"export THINKLINE_([A-Z_]+)=", README):
        assert variable.lower() in Settings.model_fields
