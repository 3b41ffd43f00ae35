"""A lock of one archive in one folder, which the system takes away when its process dies."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sn7fast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock that is the file ``path``, which goes away afterwards.

    Where the system has no ``flock`` (Windows) nothing is locked.

    Raises:
        InputError: Another process holds it.
        OSError: The file cannot be made.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who held it before may have removed the file between the two calls above.
            if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
                break
        except BlockingIOError:
            os.close(lock)
            raise InputError(
                f"{path.parent}: another process is at work on this archive (it holds "
                f"{path.name}); wait for it, or choose another folder"
            ) from None
        os.close(lock)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)
