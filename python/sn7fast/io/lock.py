"""A lock that dies with its owner.

It is the kernel's lock on an open file (``flock``), not the file itself: when the process that
holds it ends, however it ends, the kernel gives it up, so that there are no dead owners to take
over from and no clock or process number has to be believed. The file says who holds it, for
messages alone; when nobody does it stays, empty, or goes away.

On NFS Linux makes a lock of the server out of it (NFS 3 with its lock service, NFS 4), which holds
between machines. Where a file system has no locks (NFS mounted with ``nolock`` or ``local_lock``
locks on each machine alone; some parallel file systems refuse, which is told) or the system has
none (Windows), nothing keeps two processes apart: run only one at a time.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sn7fast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_AGAIN_S = 0.2


class HeldError(InputError):
    """Another process holds a lock; the message names it."""


@contextmanager
def locked(
    path: Path,
    what: str,
    *,
    wait_s: float = 0.0,
    tell: Callable[[str], None] | None = None,
    look: Callable[[], None] | None = None,
    stays: bool = True,
) -> Iterator[None]:
    """Hold a lock while the block runs.

    Args:
        path: File of the lock; its folder is there.
        what: What is locked, for messages.
        wait_s: How long to wait for another process that holds it.
        tell: Called once with a message if there is one to wait for.
        look: Called now and then while it waits; may raise to end that.
        stays: Leave the empty file; else it is gone afterwards.

    Raises:
        HeldError: Another process holds it; names the process.
        OSError: The file cannot be opened, or the file system has no locks.
    """
    handle = _taken(path, what, wait_s, tell, look)
    try:
        me = {"process": os.getpid(), "machine": socket.gethostname()}
        _write(handle, json.dumps(me).encode())
        yield
    finally:
        try:
            if stays:
                _write(handle, b"")
            elif os.name != "nt":
                path.unlink(missing_ok=True)
        finally:
            os.close(handle)
        if not stays and os.name == "nt":
            # Windows removes no file that is open, and has no locks here that it could break.
            path.unlink(missing_ok=True)


def _taken(
    path: Path,
    what: str,
    wait_s: float,
    tell: Callable[[str], None] | None,
    look: Callable[[], None] | None,
) -> int:
    end = time.monotonic() + wait_s
    told = False
    while True:
        # Not to be had by a program that is started meanwhile: os.open sees to that.
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if _try(handle, path):
                # Who held it before may have removed the file since it was opened here.
                if _is_at(handle, path):
                    return handle
                os.close(handle)
                continue
            owner = f"{what}: {_owner(handle)} works on it already"
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        left = end - time.monotonic()
        if left <= 0:
            raise HeldError(f"{owner}; wait until it has ended, or choose another folder")
        if tell is not None and not told:
            tell(f"{owner}: waiting")
            told = True
        if look is not None:
            look()
        time.sleep(min(left, _AGAIN_S))


def _try(handle: int, path: Path) -> bool:
    try:
        import fcntl
    except ImportError:  # on Windows
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise OSError(
            error.errno, f"this file system has no locks: {error.strerror}", str(path)
        ) from error
    return True


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _owner(handle: int) -> str:
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        found = json.loads(os.read(handle, 4096))
        return f"process {int(found['process'])} on {str(found['machine'])[:80]}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _write(handle: int, content: bytes) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, content)
