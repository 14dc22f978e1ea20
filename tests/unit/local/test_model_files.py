"""The local model's folder appears whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from workers.local import model_files
from workers.local.model_files import unpacked_model
from workers.local.service import StartFailed


@pytest.fixture(autouse=True)
def _weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pretend that the package is installed and the disk is large."""
    monkeypatch.setattr(model_files, "packed_weights", lambda: tmp_path / "w.gguf")
    monkeypatch.setattr(model_files, "NEEDED_BYTES", 0)


def written(_weights: Path, folder: Path) -> None:
    """Unpack as the real one does, in no time."""
    (folder / "model.safetensors").write_bytes(b"weights")


def test_it_is_unpacked_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The second start finds it."""
    monkeypatch.setattr(model_files, "_unpack", written)
    found = unpacked_model(tmp_path / "models", "small")
    monkeypatch.setattr(model_files, "_unpack", lambda *_: pytest.fail("unpacked again"))
    assert unpacked_model(tmp_path / "models", "small") == found == tmp_path / "models" / "small"


def test_a_full_disk_leaves_nothing_behind_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The next start begins again."""

    def half(weights: Path, folder: Path) -> None:
        written(weights, folder)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(model_files, "_unpack", half)
    with pytest.raises(StartFailed, match="make room, or set THINKLINE_DATA_DIR"):
        unpacked_model(tmp_path / "models", "small")
    assert list((tmp_path / "models").iterdir()) == []


def test_too_little_room_is_seen_before_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Half a minute is not spent to fail at its end."""
    monkeypatch.setattr(model_files, "NEEDED_BYTES", 10**18)
    monkeypatch.setattr(model_files, "_unpack", lambda *_: pytest.fail("began to unpack"))
    with pytest.raises(StartFailed, match="MB free"):
        unpacked_model(tmp_path / "models", "small")


def test_an_interrupted_start_is_repaired(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without weights is no model."""
    (tmp_path / "models" / "small").mkdir(parents=True)
    monkeypatch.setattr(model_files, "_unpack", written)
    assert (unpacked_model(tmp_path / "models", "small") / "model.safetensors").is_file()
