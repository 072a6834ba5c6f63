from pathlib import Path

import pytest

from reslab.caches import cache_dir
from reslab.errors import UsageError


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", ".cache/reslab"),
        ("darwin", "Library/Caches/reslab"),
        ("win32", "AppData/Local/reslab/cache"),
    ],
)
def test_the_cache_is_where_the_platform_keeps_caches(monkeypatch, tmp_path, platform, expected):
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for variable in ("RESLAB_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    assert cache_dir() == tmp_path / expected


def test_platform_variables_move_the_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("RESLAB_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_dir() == tmp_path / "xdg" / "reslab"
    monkeypatch.setattr("sys.platform", "win32")
    assert cache_dir() == tmp_path / "local" / "reslab" / "cache"


def test_a_relative_xdg_cache_home_is_ignored(monkeypatch, tmp_path):
    monkeypatch.delenv("RESLAB_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_dir() == tmp_path / ".cache" / "reslab"


def test_a_user_without_home_is_told_what_to_set(monkeypatch):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("RESLAB_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(UsageError, match="RESLAB_CACHE"):
        cache_dir()


def test_a_home_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("RESLAB_CACHE", "~nobody-of-that-name/caches")
    with pytest.raises(UsageError, match="RESLAB_CACHE is ~nobody-of-that-name/caches"):
        cache_dir()
