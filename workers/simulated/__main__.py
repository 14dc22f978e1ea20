"""Runs the scripted upstream as a process: `python -m workers.simulated --port 8095 [--script scripts.json]`."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from workers.simulated.script import NAMED, Book
from workers.simulated.server import ScriptedUpstream


def main() -> None:
    """Read the arguments and serve on loopback until stopped."""
    parser = argparse.ArgumentParser(prog="python -m workers.simulated", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port")
    parser.add_argument("--script", type=Path, help='JSON file: {"models": {NAME: SCRIPT}}')
    parser.add_argument("--list", action="store_true", help="print the names of the built-in scripts and end")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(NAMED))  # noqa: T201 - it is what was asked for
        return
    book = Book.model_validate_json(arguments.script.read_text()) if arguments.script else Book()
    uvicorn.run(
        ScriptedUpstream(book), host="127.0.0.1", port=arguments.port, loop="uvloop", http="httptools", lifespan="on",
        access_log=False, log_level="critical", backlog=4096, timeout_graceful_shutdown=1,
    )  # fmt: skip


if __name__ == "__main__":
    main()
