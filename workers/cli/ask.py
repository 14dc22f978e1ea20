"""`thinkline ask` and `thinkline watch`: a job on the terminal, from a live line while it thinks to its answer.

Standard output holds the answer alone, or the whole job as JSON; everything else is on standard error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.text import Text

from workers.cli.failing import fail
from workers.cli.live_line import LiveLine
from workers.cli.talking import CODES, CODES_HELP, LEFT_RUNNING, WRONG, Api

Url = Annotated[
    str | None, typer.Option(help="address of the API; by default THINKLINE_CLIENT_URL, else that of the settings")
]
AsJson = Annotated[bool, typer.Option("--json", help="print the whole job as JSON instead of its answer")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="show nothing but the answer")]


def ask(  # noqa: PLR0913, PLR0917 - each argument is an option of the command line
    query: Annotated[str, typer.Argument(help="the query; `-` reads it from standard input")],
    route: Annotated[Literal["auto", "reasoning", "standard"], typer.Option(help="which lane answers")] = "auto",
    model: Annotated[str | None, typer.Option(help="a model of the catalogue; with a route only")] = None,
    schema: Annotated[Path | None, typer.Option(metavar="FILE", help="JSON Schema of the wanted answer")] = None,
    deadline: Annotated[float | None, typer.Option(metavar="SECONDS", help="what you allow in all")] = None,
    url: Url = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer makes an option of it
    quiet: Quiet = False,  # noqa: FBT002 - the same
) -> None:
    """Ask a question and watch it being answered. An API key is read from THINKLINE_CLIENT_KEY."""
    body: dict[str, Any] = {"input": sys.stdin.read() if query == "-" else query, "route": route}
    if model:
        body["model"] = model
    if schema:
        body["schema"] = _read_schema(schema)
    if deadline is not None:
        body["deadline_s"] = deadline
    api = Api.at(url)
    _see_through(api, api.submit(body), as_json=as_json, quiet=quiet)


def watch(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="the job's id")],
    url: Url = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer makes an option of it
    quiet: Quiet = False,  # noqa: FBT002 - the same
) -> None:
    """Watch a job until it ends, then print its answer. An API key is read from THINKLINE_CLIENT_KEY."""
    _see_through(Api.at(url), job_id, as_json=as_json, quiet=quiet)


for command in (ask, watch):
    command.__doc__ = f"{command.__doc__}\n\n{CODES_HELP} Ctrl-C offers to cancel the job or to leave it running."


def _see_through(api: Api, job_id: str, *, as_json: bool, quiet: bool) -> None:
    """Watch a job to its end and print it; ends the command with the job's code."""
    console = Console(stderr=True, highlight=False)
    try:
        job = _watched(api, job_id, console, quiet=quiet)
    except KeyboardInterrupt:
        _leave(job_id, console)
    if as_json:
        sys.stdout.write(json.dumps(job, ensure_ascii=False, indent=2) + "\n")
    elif job["result"] is not None:
        sys.stdout.write(answer(job["result"]) + "\n")
    sys.stdout.flush()
    if not quiet:
        console.print(_story(job), soft_wrap=True)
    raise typer.Exit(CODES[job["status"]])


def _watched(api: Api, job_id: str, console: Console, *, quiet: bool) -> dict[str, Any]:
    """Follow a job to its end, also past an interruption after which it is to be watched on."""
    while True:
        try:
            with LiveLine(console, quiet=quiet) as line:
                for event in api.follow(job_id):
                    line.take(event)
                    if event.type == "done" and event.data.get("job"):
                        ended: dict[str, Any] = event.data["job"]
                        return ended
            job = api.job(job_id)
            if job["status"] in CODES:
                return job
        except KeyboardInterrupt:
            choice = _choose(console)
            if choice == "l":
                _leave(job_id, console)
            if choice == "c":
                api.cancel(job_id)


def _choose(console: Console) -> str:
    """Ask what is to become of the job: `c` cancel, `l` leave it running, `w` watch on. Nobody there: leave it."""
    if not (sys.stdin.isatty() and console.is_terminal):
        return "l"
    while True:
        console.print("\n[bold]c[/]ancel the job, [bold]l[/]eave it running, or [bold]w[/]atch on? ", end="")
        try:
            choice = input().strip().lower()[:1]
        except (EOFError, KeyboardInterrupt):
            return "l"
        if choice in ("c", "l", "w"):
            return choice


def _leave(job_id: str, console: Console) -> None:
    """End the command; the job runs on."""
    console.print(f"left running: {job_id}; `thinkline watch {job_id}` shows it again", soft_wrap=True)
    raise typer.Exit(LEFT_RUNNING)


def _read_schema(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except OSError as error:
        fail(f"--schema {path}: {error.strerror}", WRONG)
    except ValueError as error:
        fail(f"--schema {path}: is not valid JSON: {error}", WRONG)


def answer(result: Any) -> str:
    """Write a result for people: the usual `{"answer": "…"}` as its text, everything else as JSON."""
    if isinstance(result, dict) and set(result) == {"answer"} and isinstance(result["answer"], str):
        return str(result["answer"])
    return json.dumps(result, ensure_ascii=False, indent=2)


def _story(job: dict[str, Any]) -> Text:
    """Say in a line how a job ended."""
    if job["error"]:
        return Text(f"{job['status']}: {job['error']['message']} ({job['error']['code']}) · {job['id']}", style="red")
    if job["status"] == "cancelled":
        return Text(f"cancelled · {job['id']}", style="yellow")
    served = job["served_by"] or "model"
    by = job["model"] if served == "model" else f"the {served.replace('_', ' ')}"
    parts = [f"by {by}", f"{job['lane']} lane" if job["lane"] else "", f"{job['elapsed_s']:.1f} s"]
    if job["thinking_tokens"]:
        parts.append(f"{job['thinking_tokens']:,} thinking tokens")
    if job["cost_usd"]:
        parts.append(f"${job['cost_usd']:.6f}")
    return Text(" · ".join(part for part in [*parts, job["id"]] if part), style="dim")
