import pytest
from filelock import FileLock

from reslab.locks import alone
from reslab.progress import silent


def test_a_free_lock_is_taken_without_a_word(tmp_path):
    said = []
    for _ in range(2):  # it was let go of
        with alone(tmp_path / "lock", "working", said.append, patience_s=0):
            pass
    assert said == []


def test_who_waits_is_told_for_what_and_not_kept_for_ever(tmp_path):
    said = []
    with (
        FileLock(tmp_path / "lock"),
        pytest.raises(TimeoutError),
        alone(tmp_path / "lock", "working", said.append, patience_s=0.1),
    ):
        raise AssertionError("two at once")
    assert said == ["another process is working; waiting for it"]


def test_a_lock_that_cannot_be_made_is_an_os_error(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(OSError), alone(tmp_path / "file" / "lock", "working", silent):
        pass

    def lockless(*_, **__):
        raise NotImplementedError

    monkeypatch.setattr(FileLock, "acquire", lockless)
    with pytest.raises(OSError, match="no locks"), alone(tmp_path / "lock", "working", silent):
        pass
