"""A replica on disk: one line of JSON, then raw numbers. It holds hashes and vectors and no text of anybody.

    {"format": 1, "encoder": …, "dimensions": 384, "position": …, "scopes": [{"scope", "entries", "lists"}]}
    for each scope: entries * 32 bytes of hashes, lists * dimensions and entries * dimensions float32, little-endian
    CRC-32 of all that, four bytes

It is written beside its place and renamed, by the one process of this folder that holds the lock file, in small pieces
between which look-ups go on. Whatever is wrong with it, the replica begins without: everything in it is in Redis, too.
"""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from workers.cache.index.kinds import Vectors
from workers.cache.index.names import NAME_BYTES
from workers.cache.index.scope import ScopeIndex
from workers.cache.replica.state import Replica

FORMAT: Final = 1
CRC_BYTES: Final = 4
ROWS: Final = 500  # vectors in one piece: about 3 ms
READ_ROWS: Final = 5_000
MOST_HEADER_BYTES: Final = 64_000_000
Part = tuple[str, ScopeIndex, bytes, Vectors | None]  # its names, one after the other


class Unusable(Exception):
    """A snapshot that cannot be used; its text says why."""


class Writer:
    """Writes one snapshot, piece by piece, of a replica that may change between two pieces.

    The position is the one at the beginning. What was removed since is written as zeros, and what came since is not
    written: the log after the position, or the list of all entries, corrects both when the snapshot is read.

    Args:
        replica: what to write.
        path: where; its folder must exist.
        encoder: fingerprint of the encoder of its vectors.
    """

    def __init__(self, replica: Replica, path: Path, encoder: str) -> None:
        self._path, self._new = path, path.with_suffix(f".{os.getpid()}.new")
        parts = [(scope, index, index.packed, index.centroids) for scope, index in replica.scopes.items()]
        header = {
            "format": FORMAT, "encoder": encoder, "dimensions": replica.dimensions, "position": replica.position,
            "scopes": [
                {"scope": scope, "entries": len(names) // NAME_BYTES, "lists": 0 if centroids is None else len(centroids)}
                for scope, _, names, centroids in parts
            ],
        }  # fmt: skip
        self._blocks = _blocks(json.dumps(header).encode() + b"\n", parts, replica.dimensions)
        self._crc = 0
        self._file = open(self._new, "wb", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115 - the mode; closed by close()

    def following(self) -> bytes | None:
        """Make the next piece; None after the last. The replica must not change meanwhile."""
        return next(self._blocks, None)

    def write(self, block: bytes) -> None:
        """Write a piece."""
        self._crc = zlib.crc32(block, self._crc)
        self._file.write(block)

    def finish(self) -> None:
        """Put the whole in its place."""
        self._file.write(self._crc.to_bytes(CRC_BYTES, "little"))
        self._file.close()
        self._new.replace(self._path)

    def close(self) -> None:
        """Leave nothing half written behind."""
        self._file.close()
        self._new.unlink(missing_ok=True)


def write(replica: Replica, path: Path, encoder: str) -> bool:
    """Write a snapshot in one go; whether it was written, and not another process's turn.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path) as ours:
        if not ours:
            return False
        writer = Writer(replica, path, encoder)
        try:
            while (block := writer.following()) is not None:
                writer.write(block)
            writer.finish()
        finally:
            writer.close()
    return True


def read(path: Path, encoder: str, dimensions: int) -> Replica | None:
    """Read a snapshot; None when there is none.

    Raises:
        Unusable: it is damaged, of another format, or of another encoder.
    """
    try:
        with path.open("rb") as file:
            _check(file)
            header = _header(file, encoder, dimensions)
            replica = Replica(dimensions)
            for part in header["scopes"]:
                replica.scopes[str(part["scope"])] = _scope(file, int(part["entries"]), int(part["lists"]), dimensions)
            replica.position = str(header["position"])
            return replica
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"it cannot be read ({type(error).__name__})") from error


def _blocks(header: bytes, parts: Sequence[Part], dimensions: int) -> Iterator[bytes]:
    yield header
    for _, index, names, centroids in parts:
        yield names
        if centroids is not None:
            yield _raw(centroids)
        for at in range(0, len(names), ROWS * NAME_BYTES):
            some = _apart(names[at : at + ROWS * NAME_BYTES])
            vectors = np.zeros((len(some), dimensions), np.float32)
            there = [row for row, name in enumerate(some) if name in index]
            vectors[there] = index.vectors([some[row] for row in there])
            yield _raw(vectors)


def _apart(names: bytes) -> list[bytes]:
    return [names[at : at + NAME_BYTES] for at in range(0, len(names), NAME_BYTES)]


def _raw(vectors: Vectors) -> bytes:
    return np.ascontiguousarray(vectors, "<f4").tobytes()


def _header(file: IO[bytes], encoder: str, dimensions: int) -> dict[str, Any]:
    line = file.readline(MOST_HEADER_BYTES)
    header = json.loads(line)
    if not isinstance(header, dict) or header["format"] != FORMAT:
        raise Unusable("it is of another format")
    if header["encoder"] != encoder or header["dimensions"] != dimensions:
        raise Unusable("its vectors are of another encoder")
    return header


def _check(file: IO[bytes]) -> None:
    """Compare the whole with its checksum, and go back to its beginning."""
    left, crc = file.seek(0, os.SEEK_END) - CRC_BYTES, 0
    file.seek(0)
    while left > 0 and (block := file.read(min(1 << 20, left))):
        crc, left = zlib.crc32(block, crc), left - len(block)
    if left or int.from_bytes(file.read(CRC_BYTES), "little") != crc:
        raise Unusable("it is damaged")
    file.seek(0)


def _scope(file: IO[bytes], entries: int, lists: int, dimensions: int) -> ScopeIndex:
    names = file.read(entries * NAME_BYTES)
    index = ScopeIndex.with_lists(_vectors(file, lists, dimensions), entries) if lists else ScopeIndex(dimensions)
    for at in range(0, entries * NAME_BYTES, READ_ROWS * NAME_BYTES):
        part = _apart(names[at : at + READ_ROWS * NAME_BYTES])
        index.put(part, _vectors(file, len(part), dimensions))
    return index


def _vectors(file: IO[bytes], rows: int, dimensions: int) -> Vectors:
    raw = file.read(rows * dimensions * 4)
    return np.asarray(np.frombuffer(raw, "<f4").reshape(rows, dimensions), np.float32)


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold the lock file of a snapshot, if nobody else does; it ends with its process."""
    with path.with_suffix(".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
