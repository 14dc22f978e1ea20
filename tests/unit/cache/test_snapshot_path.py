"""Where a snapshot lies."""

from __future__ import annotations

from pathlib import Path

from tests.support.store import make_settings
from workers.caching import snapshot_path


def test_each_redis_and_prefix_has_a_file_of_its_own_and_the_password_is_no_part_of_it(tmp_path: Path) -> None:
    """Another password is the same place; another host, database or prefix is not."""

    def path(url: str, prefix: str = "tl:") -> Path:
        return snapshot_path(make_settings(url, data_dir=tmp_path, redis={"key_prefix": prefix}))

    one = path("redis://:secret@a:6379/0")
    assert one.parent == tmp_path / "cache"
    assert path("redis://:other@a:6379/0") == one == path("redis://a:6379/0")
    others = {
        path("redis://b:6379/0"),
        path("redis://a:6379/1"),
        path("redis://a:6380/0"),
        path("redis://a:6379/0", "x:"),
    }
    assert len(others | {one}) == 5
