"""What a process must not load: models in the API, Celery in the API, models in a plain worker."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "faiss", "sklearn", "transformers", "sentence_transformers", "numpy", "scipy")
BROKER = ("celery", "kombu", "flower", "billiard")


@pytest.mark.parametrize(
    ("module", "forbidden"), [("api.app", HEAVY + BROKER), ("workers.tasks", (*HEAVY, "flower", "fastapi"))]
)
def test_a_fresh_process_loads_nothing_heavy(module: str, forbidden: tuple[str, ...]) -> None:
    """Importing the module leaves the heavy libraries alone."""
    code = f"import sys, {module}; print(' '.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint(forbidden), sorted(loaded.intersection(forbidden))
    assert module.split(".", maxsplit=1)[0] in loaded


def test_importing_the_app_reads_no_settings_and_opens_nothing() -> None:
    """A wrong setting in the environment does not matter until the app is made."""
    code = "import api.app, workers.tasks"
    env = {"THINKLINE_API__PORT": "no-number", "PATH": "/usr/bin"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
