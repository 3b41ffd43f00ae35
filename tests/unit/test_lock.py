"""Locks that die with their owners."""

from sn7fast.io import lock
from sn7fast.io.lock import locked


def test_a_lock_that_goes_while_it_is_looked_at(tmp_path, monkeypatch):
    """Its last owner removes the file just when another has opened it."""
    path, looked = tmp_path / "lock", []
    fstat = lock.os.fstat

    def removed_first(handle):
        found = fstat(handle)
        if not looked:
            path.unlink()
        looked.append(handle)
        return found

    monkeypatch.setattr(lock.os, "fstat", removed_first)
    with locked(path, "it", stays=False):
        assert len(looked) == 2
        assert path.exists()
    assert not path.exists()
