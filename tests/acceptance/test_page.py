"""The web page in a real browser, over the real system: a query is submitted, watched, cancelled and found again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.http import serving
from tests.support.redis import missing
from tests.support.system import System, running_system
from workers.settings import Settings

playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SCRIPTS = {
    "ponders": {"first_token_s": 0.5, "thinking_tokens": 60, "rate": 15, "answer": '{"answer": "because it is"}'},
    "endless": {"rate": 10, "endless": True},
    "shaper": {"answer": '{"minutes": 205}'},
}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser of this machine."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        missing("a Chromium on the PATH, for the tests of the page,")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[System]:
    """A system whose reasoning model ponders for some seconds."""
    folder = tmp_path_factory.mktemp("page")
    scripts = folder / "scripts.json"
    scripts.write_text(json.dumps({"models": SCRIPTS}))
    with running_system(
        folder, redis_server, prefix="page:", models={"deep": "ponders", "quick": "shaper", "endless": "endless"},
        scripts=scripts, workers=("classify,reasoning,standard,fallback",),
    ) as one:  # fmt: skip
        yield one


@pytest.fixture
def page(browser: Any, system: System) -> Iterator[Any]:
    """The page in a tab of its own; nothing may go wrong in it, and nothing may be fetched from elsewhere."""
    yield from opened(browser, system.url)


def opened(browser: Any, url: str, **options: Any) -> Iterator[Any]:
    """Open the page and collect what it complains about."""
    context = browser.new_context(**options)
    tab = context.new_page()
    tab.set_default_timeout(30_000)
    troubles: list[str] = []
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    tab.on("console", lambda line: troubles.append(line.text) if "Content Security" in line.text else None)
    tab.on("request", lambda made: troubles.append(made.url) if not made.url.startswith((url, "data:")) else None)
    tab.goto(url)
    yield tab
    context.close()
    assert troubles == []


def ask(page: Any, query: str, lane: str = "Auto") -> Any:
    """Submit a query; gives its card."""
    page.get_by_label("What do you want to know?").fill(query)
    page.get_by_text(lane, exact=True).click()
    page.get_by_role("button", name="Submit").click()
    card = page.locator(".job").filter(has_text=query)
    card.wait_for()
    return card


def expect(locator: Any) -> Any:
    """Look again until it is so."""
    return playwright.expect(locator)


def test_a_job_is_watched_while_a_model_thinks(page: Any) -> None:
    """Lane, phase, clock, thinking tokens that grow, then the answer with its model, cost and tokens; and a reload."""
    expect(page.locator("#health")).to_contain_text("all parts are running", timeout=30_000)
    card = ask(page, "Why is the square root of two irrational?", "Reasoning")
    expect(card.locator(".lane")).to_have_text("reasoning lane", timeout=30_000)
    expect(card.locator(".doing")).to_contain_text("thinking tokens", timeout=30_000)
    tokens = "node => parseInt(node.textContent.match(/(\\d+) thinking/)[1])"
    first = card.locator(".doing").evaluate(tokens)
    page.wait_for_timeout(2_200)
    assert card.locator(".doing").evaluate(tokens) > first
    assert card.locator(".way .now").inner_text() == "Thinking"
    expect(card.locator(".badge")).to_have_text("succeeded", timeout=30_000)
    expect(card.locator(".answer")).to_have_text("because it is")
    expect(card.locator("dl")).to_contain_text("deep (simulated")
    expect(card.locator("dl")).to_contain_text("60 of them thinking")
    expect(page.locator("#news")).to_contain_text("Job succeeded")
    page.reload()
    again = page.locator(".job").filter(has_text="Why is the square root")
    expect(again.locator(".answer")).to_have_text("because it is", timeout=30_000)


def test_a_job_is_streamed_and_polled_where_streams_do_not_come_through(page: Any) -> None:
    """The page asks for the stream first; behind a proxy that cuts it the job is followed all the same."""
    asked: list[str] = []
    page.on("request", lambda made: asked.append(made.url) if made.url.endswith("/events") else None)
    card = ask(page, "Is this streamed?", "Reasoning")
    expect(card.locator(".badge")).to_have_text("succeeded", timeout=30_000)
    assert len(asked) == 1
    page.route("**/events", lambda route: route.abort())
    other = ask(page, "Is that polled?", "Reasoning")
    expect(other.locator(".doing")).to_contain_text("thinking tokens", timeout=30_000)
    expect(other.locator(".badge")).to_have_text("succeeded", timeout=30_000)


def test_a_result_of_ones_own_shape_is_shown_as_json(page: Any) -> None:
    """The schema is taken from the options, and a broken one is refused before anything is sent."""
    page.get_by_role("button", name="a sum with its own JSON").click()
    card = ask(page, "How many minutes from 9:40 to 13:05?", "Standard")
    expect(card.locator("pre")).to_have_text('{\n  "minutes": 205\n}', timeout=30_000)
    page.get_by_label("JSON Schema of the answer").fill("{")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert")).to_contain_text("not valid JSON")


def test_a_job_can_be_cancelled_and_tried_again(page: Any) -> None:
    """One click each."""
    card = ask(page, "Think about cancelling.", "Reasoning")
    card.get_by_role("button", name="Cancel").click()
    expect(card.locator(".badge")).to_have_text("cancelled", timeout=30_000)
    card.get_by_role("button", name="Try again").click()
    expect(card.locator(".badge")).to_have_text("succeeded", timeout=30_000)


def test_a_fallback_is_told_with_its_cause(page: Any) -> None:
    """The note says what was given up and why."""
    page.get_by_text("Options").click()
    page.get_by_label("Time allowed, in seconds").fill("4")
    card = ask(page, "Take longer than I allow.", "Reasoning")
    expect(card.locator(".note.warm")).to_contain_text("it ran out of time", timeout=30_000)
    expect(card.locator(".lane")).to_have_text("fallback lane")


def test_what_the_caller_wrote_is_text(page: Any) -> None:
    """Markup in a query is shown, not run."""
    query = "<img src=x onerror=document.title='run'> is what?"
    card = ask(page, query)
    expect(card.locator(".query")).to_have_text(query)
    assert card.locator("img").count() == 0
    assert page.title() == "Thinkline"


def test_it_fits_a_phone(browser: Any, system: System) -> None:
    """Nothing is wider than the screen, in the dark as well."""
    for page in opened(browser, system.url, viewport=PHONE, color_scheme="dark"):
        page.get_by_text("Options").click()
        ask(page, "W" * 300)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_key_is_asked_for_where_one_is_needed(browser: Any, make: Callable[..., Settings]) -> None:
    """A wrong key is told; the right one is kept in this tab alone."""
    key = {"sha256": hashlib.sha256(b"right").hexdigest(), "tenant": "a"}
    with serving(make(api_keys=[key])) as http:
        for page in opened(browser, str(http.base_url)):
            field = page.get_by_label("API key")
            field.fill("wrong")
            page.get_by_role("button", name="Use it").click()
            field.wait_for()
            field.fill("right")
            page.get_by_role("button", name="Use it").click()
            card = ask(page, "Is my key right?")
            expect(card.locator(".doing")).to_contain_text("Waiting to be classified", timeout=30_000)
            assert page.evaluate("localStorage.length") == 0
            assert http.get("/v1/jobs").status_code == 401


def test_the_page_trusts_nobody(system: System) -> None:
    """A strict policy, no inline script, and only files of its own."""
    reply = system.http.get("/")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for word in ("onclick", "style=", "<script>", "http://", "https://"):
        assert word not in reply.text.replace("http://www.w3.org/2000/svg", "")
    for name in ("page.css", "page.js", "calls.js", "card.js", "words.js"):
        assert system.http.get(f"/assets/{name}").status_code == 200
    for name in ("none.js", "index.html", "..%2f__init__.py", "__init__.py"):
        assert system.http.get(f"/assets/{name}").status_code == 404
    assert (Path(__file__).parents[2] / "api" / "pages" / "index.html").read_text() == reply.text
