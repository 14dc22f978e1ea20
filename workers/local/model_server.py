"""The local model as an OpenAI-compatible server: `python -m workers.local.model_server --port 8090 --folder …`.

It is `transformers serve`, pinned to one model, on loopback unless told otherwise, without any access to the network.
Requests are batched continuously, so that eight callers wait hardly longer than one; the price is that all share one
way of sampling, and it is the greedy one: temperature and seed change nothing. A closed connection ends its generation.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from workers.contracts.errors import ThinklineError
from workers.cores import cores
from workers.local.model_files import unpacked_model
from workers.settings import LOCAL_MODEL
from workers.telemetry import configure_logging

# 64 blocks of 256 tokens are 380 MB; left open, the server takes most of the machine's memory.
CACHE_BLOCKS = 64
# The longest piece of a prompt that one step reads; longer ones would make everybody else wait.
STEP_TOKENS = 512


def main() -> None:
    """Unpack the model if need be and serve it until stopped."""
    parser = argparse.ArgumentParser(prog="python -m workers.local.model_server", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port to bind")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind; a container needs 0.0.0.0")
    parser.add_argument("--folder", type=Path, required=True, help="where the unpacked model is kept")
    arguments = parser.parse_args()
    configure_logging("info")
    confine(arguments.folder, threads())
    try:
        model = unpacked_model(arguments.folder.resolve(), LOCAL_MODEL)
    except ThinklineError as error:
        sys.stderr.write(f"thinkline: {error}\n")
        raise SystemExit(1) from error
    serve(model, arguments.host, arguments.port)


def confine(folder: Path, threads: int) -> None:
    """Set, before torch is imported, what it and the model hub read from the environment."""
    hub = folder.resolve() / "hub"
    hub.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": str(hub),
        "HF_HUB_CACHE": str(hub),  # `/v1/models` lists this folder and fails when there is none
        "OMP_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
    }


def threads() -> int:
    """Give the model half of the cores, at most four.

    Its threads spin while they wait for each other: with two on two busy cores, 18 tokens a second became 3.
    """
    return max(1, min(4, cores() // 2))


def serve(model: Path, host: str, port: int) -> None:
    """Load the model and serve it under the name of its folder."""
    import torch  # noqa: PLC0415 - only after the environment was set
    from transformers.cli.serve import Serve  # noqa: PLC0415

    # A processor without AVX-512 computes bfloat16 by conversion, several times slower than float32.
    fast_bfloat16 = "AVX512" in torch.backends.cpu.get_cpu_capability()
    # The server knows the model by the path that it was given, and refuses every other name: make that path a name.
    os.chdir(model.parent)
    Serve(
        force_model=model.name,
        continuous_batching=True,
        cb_num_blocks=CACHE_BLOCKS,
        cb_max_batch_tokens=STEP_TOKENS,
        device="cpu",
        dtype="bfloat16" if fast_bfloat16 else "float32",
        host=host,
        port=port,
        log_level="error",
    )


if __name__ == "__main__":
    main()
