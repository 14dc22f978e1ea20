"""The network between some workers and Redis: a process that passes bytes on.

`python -m benchmarks.chaos.link --port N --to PORT`. Stopped, it is a network that swallows everything; killed, one that
resets every connection and refuses new ones.
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress

import uvloop


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until one side closes."""
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        with suppress(OSError):
            writer.close()


async def serve(port: int, to: int) -> None:
    """Pass connections on to another port of this machine."""

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", to)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, back), pump(there, writer))

    async with await asyncio.start_server(passed_on, "127.0.0.1", port, backlog=512) as server:
        await server.serve_forever()


def main() -> None:
    """Read the arguments and serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--to", type=int, required=True)
    arguments = parser.parse_args()
    with suppress(KeyboardInterrupt):
        uvloop.run(serve(arguments.port, arguments.to))


if __name__ == "__main__":
    main()
