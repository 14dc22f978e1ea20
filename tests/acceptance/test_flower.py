"""Flower in a real browser: behind its password, queues by lane, tasks by stage, and nothing that a caller wrote.

`FLOWER_SCREENSHOT=docs/images/flower.png python -m pytest tests/acceptance/test_flower.py` renews the picture of the guide.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.processes import ROOT, Process, free_port
from tests.support.redis import missing
from tests.support.system import System, running_system

playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MARKER, ANSWER = "zebra-in-the-prompt", "okapi-in-the-answer"
USER, PASSWORD = "watcher", secrets.token_hex(8)
SCRIPTS = {"endless": {"rate": 5, "endless": True}, "answers": {"answer": json.dumps({"answer": ANSWER})}}
FULL = 'thinkline_queue_jobs{queue="reasoning"} 2.0'
PICTURE = os.environ.get("FLOWER_SCREENSHOT")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[System]:
    """A system with a full reasoning lane: one job thinks, two wait; others are done."""
    folder = tmp_path_factory.mktemp("flower")
    scripts = folder / "scripts.json"
    scripts.write_text(json.dumps({"models": SCRIPTS}))
    with running_system(
        folder, redis_server, prefix="flower:", models={"deep": "endless", "quick": "answers"},
        scripts=scripts, workers=("classify", "standard,fallback", "deliver"),
    ) as one:  # fmt: skip
        one.worker("reasoning", "reasoning", slots=1).wait_until(one.ready, "readiness", 60)
        yield one


@pytest.fixture(scope="module")
def flower(system: System) -> str:
    """Flower as it is deployed, then some jobs; its address."""
    port = free_port()
    command = (
        "-m", "celery", "--app", "workers.app:celery_app", "--quiet", "flower",
        f"--conf={ROOT / 'deploy/flower/flowerconfig.py'}", "--address=127.0.0.1", f"--port={port}",
    )  # fmt: skip
    process: Process = system.processes.start("flower", *command, env={"FLOWER_BASIC_AUTH": f"{USER}:{PASSWORD}"})
    url = f"http://127.0.0.1:{port}"
    process.wait_until(lambda: there(url), "Flower", 60)
    httpx.get(f"{url}/workers?refresh=true", auth=(USER, PASSWORD), timeout=30, trust_env=False)
    ids = [system.submit(input=f"What is {MARKER} {n}?", route="standard") for n in range(3)]
    ids += [system.submit(input=f"What is {MARKER} alone?", route="reasoning", deadline_s=1.5)]
    for job_id in ids:
        system.ended(job_id)
    for n in range(3):
        system.submit(input=f"Ponder {MARKER} {n}.", route="reasoning")
    process.wait_until(lambda: FULL in system.http.get("/metrics").text, "a full lane", 30)
    return url


def there(url: str) -> bool:
    """Whether it answers."""
    try:
        return httpx.get(f"{url}/healthcheck", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def page(flower: str) -> Iterator[Any]:
    """A tab that knows the password; nothing may be fetched from elsewhere."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        missing("a Chromium on the PATH, for the test of Flower,")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context(
            http_credentials={"username": USER, "password": PASSWORD}, viewport={"width": 1440, "height": 760}
        )
        tab = context.new_page()
        tab.set_default_timeout(30_000)
        elsewhere: list[str] = []
        tab.on(
            "request", lambda made: elsewhere.append(made.url) if not made.url.startswith((flower, "data:")) else None
        )
        yield tab
        browser.close()
    assert elsewhere == []


def test_a_password_is_needed(flower: str) -> None:
    """For pages and for its HTTP API; only names of tasks and workers are open, which say nothing of a job."""
    with httpx.Client(base_url=flower, timeout=30, trust_env=False) as anyone:
        for path in ("/", "/tasks", "/broker", "/workers", "/api/tasks", "/api/queues/length"):
            assert anyone.get(path).status_code == 401, path
            assert anyone.get(path, auth=(USER, "guess")).status_code == 401, path
        assert MARKER not in anyone.get("/metrics").text


def test_queues_are_shown_by_lane(page: Any, flower: str) -> None:
    """With what waits in each; the broker's password is not part of the page."""
    page.goto(f"{flower}/broker")
    rows = {row.locator("td").nth(0).inner_text(): row for row in page.locator("#queue-table tbody tr").all()}
    assert set(rows) == {"classify", "reasoning", "standard", "fallback", "deliver"}
    assert rows["reasoning"].locator("td").nth(1).inner_text() == "2"
    assert rows["standard"].locator("td").nth(1).inner_text() == "0"


def test_tasks_are_shown_by_stage_and_hold_nothing_private(
    page: Any, flower: str, system: System, tmp_path: Path
) -> None:
    """A row for each stage of each job: its id and attempt. Neither list, detail nor API has what was asked or answered."""
    page.goto(f"{flower}/tasks")
    table = page.locator("#tasks-table tbody")
    for stage in ("classify", "standard", "reasoning", "fallback"):
        playwright.expect(table).to_contain_text(f"thinkline.{stage}")
    job = system.http.get("/v1/jobs?status=succeeded&limit=1").json()["data"][0]
    playwright.expect(table).to_contain_text(job["id"])
    page.screenshot(path=PICTURE or str(tmp_path / "flower.png"))
    detail = table.locator("a").first.get_attribute("href")
    pages = ["/tasks", f"{detail}", "/workers", "/broker"]
    seen = []
    for path in pages:
        page.goto(path if path.startswith("http") else f"{flower}{path}")
        page.wait_for_load_state("networkidle")
        seen.append(page.content())
    told = httpx.get(f"{flower}/api/tasks", auth=(USER, PASSWORD), timeout=30, trust_env=False)
    assert told.status_code == 200
    assert job["id"] in told.text
    for text in (*seen, told.text, (system.processes.folder / "flower.log").read_text()):
        assert MARKER not in text
        assert ANSWER not in text


def test_it_looks_and_never_touches(flower: str) -> None:
    """Not even with the password: no worker is stopped, no task revoked or sent."""
    with httpx.Client(base_url=flower, auth=(USER, PASSWORD), timeout=30, trust_env=False) as watcher:
        for path in ("/api/worker/shutdown/x", "/api/task/revoke/x", "/api/task/async-apply/thinkline.standard"):
            assert watcher.post(path, json={}).status_code in (403, 405), path
