"""What a call of a model costs the worker's event loop: our client over aiohttp beside the same requests over httpx.

`python -m benchmarks.upstream_client [--streams N] [--rounds N]`. Each side opens N streams to a scripted upstream within
half a second and reads all of their tokens; counted is the processor time of the process that reads.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import uvloop

from benchmarks import report
from tests.support.processes import Processes, free_port
from workers.contracts.calls import ModelCall, ModelSpec, StreamLimits
from workers.contracts.request import Generation, Message
from workers.contracts.upstreams import UpstreamConfig
from workers.upstream.client import UpstreamClient
from workers.upstream.request import body_of

MODEL = "thinks-3s"
TOKENS = 28

Stream = Callable[[], Coroutine[Any, Any, None]]


def listening(port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def the_call() -> ModelCall:
    """One call of the scripted model."""
    spec = ModelSpec(name="deep", upstream="scripted", model=MODEL)
    limits = StreamLimits(first_token_s=30, silence_s=30, total_s=120)
    return ModelCall(spec, (Message(role="user", content="Think."),), Generation(), limits)


async def spent(stream: Stream, streams: int) -> float:
    """Open the streams and read them to their ends; milliseconds of processor time for each."""
    began = time.process_time()
    tasks: list[asyncio.Task[None]] = []
    for n in range(streams):
        tasks.append(asyncio.create_task(stream()))
        if n % 20 == 0:
            await asyncio.sleep(0.5 * 20 / streams)
    await asyncio.gather(*tasks)
    return (time.process_time() - began) / streams * 1000


async def over_aiohttp(base_url: str, streams: int) -> float:
    """Measure our client."""
    client, call = UpstreamClient({"scripted": UpstreamConfig(base_url=base_url)}), the_call()

    async def stream() -> None:
        async for _ in client.stream(call):
            pass

    try:
        return await spent(stream, streams)
    finally:
        await client.aclose()


async def over_httpx(base_url: str, streams: int) -> float:
    """Measure httpx with as many pools as serve it best, reading lines and nothing else."""
    pools = [httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) for _ in range(streams // 32 + 1)]
    body, turn = body_of(the_call(), stream_options=True), iter(range(streams))

    async def stream() -> None:
        client = pools[next(turn) % len(pools)]
        async with client.stream("POST", f"{base_url}/chat/completions", json=body) as response:
            async for _ in response.aiter_raw():
                pass

    try:
        return await spent(stream, streams)
    finally:
        for pool in pools:
            await pool.aclose()


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    report.conditions(f"{arguments.streams} streams of {TOKENS} tokens at once, {arguments.rounds} rounds")
    ours, theirs = [], []
    port = free_port()
    base_url = f"http://127.0.0.1:{port}/v1"
    with (
        tempfile.TemporaryDirectory() as name,
        Processes(Path(name), {}) as processes,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        upstream = processes.start("upstream", "-m", "workers.simulated", "--port", str(port))
        upstream.wait_until(lambda: listening(port), "the scripted upstream")
        for _ in range(arguments.rounds):
            theirs.append(runner.run(over_httpx(base_url, arguments.streams)))
            ours.append(runner.run(over_aiohttp(base_url, arguments.streams)))
            print(f"httpx, raw: {theirs[-1]:.2f} ms of processor a stream; ours, parsed: {ours[-1]:.2f} ms", flush=True)
    met = report.ratio("httpx to ours", theirs, ours, 1.0)
    raise SystemExit(0 if met else 1)


if __name__ == "__main__":
    main()
