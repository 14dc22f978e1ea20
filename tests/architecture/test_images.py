"""What deploy/images promises: torch only where it is needed, nobody is root, and all that is copied is there."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.test_light_imports import HEAVY
from tests.architecture.test_manifests import SERVICES
from tests.support.processes import ROOT

DOCKERFILE = (ROOT / "deploy/images/Dockerfile").read_text()


def test_each_image_is_built_by_the_dockerfile() -> None:
    """Every service's target is a stage, and every stage that runs is nobody's root and from a plain name."""
    stages = {name: base for base, name in re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)}
    assert set(stages.values()) == {"python:3.11-slim", "build", "runtime"}
    for service in SERVICES.values():
        if not service.raw["image"].startswith("thinkline/"):
            continue
        target = service.raw["build"]["target"]
        assert service.raw["image"].startswith(f"thinkline/{target}:")
        assert stages[target] == "runtime"
        assert service.raw["build"]["dockerfile"] == "deploy/images/Dockerfile"
    runtime = DOCKERFILE.split(" AS runtime\n")[1].split("\nFROM ")[0]
    assert "USER 10001:10001" in runtime


def test_torch_is_only_where_it_is_needed() -> None:
    """The light image installs Thinkline without extras, and all that this pulls in has none of the heavy libraries."""
    light = DOCKERFILE.split(" AS build\n")[1].split("\nFROM ")[0]
    assert re.findall(r"pip install .*", light) == ["pip install --constraint constraints.txt ."]
    assert [name for name, service in SERVICES.items() if service.raw["image"].startswith("thinkline/classify")] == [
        "classify"
    ]
    pulled_in = closure()
    assert {"celery", "fastapi", "flower"} <= pulled_in
    assert pulled_in.isdisjoint({name.replace("_", "-") for name in HEAVY} | {"scikit-learn", "faiss-cpu"})
    assert "torch" in closure("classify"), "the walk finds what is there"


def test_what_the_dockerfile_copies_reaches_the_build() -> None:
    """The list of what is left out begins with everything."""
    ignored = (ROOT / "deploy/images/Dockerfile.dockerignore").read_text().split()
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(f"!{part}" in ignored for part in (source, *map(str, Path(source).parents))), source


def test_flowers_configuration_is_where_the_command_looks() -> None:
    """The image's working directory holds the file."""
    assert "WORKDIR /srv/thinkline\nCOPY deploy/flower/flowerconfig.py flowerconfig.py" in DOCKERFILE
    assert "--conf=/srv/thinkline/flowerconfig.py" in SERVICES["flower"].command
    assert "read_only = True" in (ROOT / "deploy/flower/flowerconfig.py").read_text()


def closure(extra: str = "") -> set[str]:
    """Name all that installing Thinkline pulls in: by its own word, then by what the installed packages say."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    todo = [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"].get(extra, [])]
    found: set[str] = set()
    while todo:
        need = todo.pop()
        name = canonicalize_name(need.name)
        if name not in found:
            found.add(name)
            todo += [part for part in map(Requirement, requires(name) or []) if applies(part, need.extras)]
    return found


def applies(need: Requirement, extras: set[str]) -> bool:
    """Whether a package's requirement counts on this machine, with the extras that were asked for."""
    return need.marker is None or any(need.marker.evaluate({"extra": one}) for one in {"", *extras})
