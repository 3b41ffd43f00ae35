"""An iterator that works ahead in a thread of its own.

Reading, decompressing or predicting what comes next goes on while the other side works on what
there is; and Ctrl-C is heard at once, since the main thread only waits for a queue, not in a call
that cannot be interrupted.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

_Item = TypeVar("_Item")

# How often a thread that waits for an item looks up, so that Ctrl-C is seen whichever thread the
# signal reaches.
_LOOK_EVERY_S = 0.5


class _End:
    """What comes after the last item: the error that ended it, if any."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(
    items: Callable[[], Iterator[_Item]],
    depth: int,
    *,
    stop: threading.Event | None = None,
    join_s: float = 0.0,
    drop: Callable[[_Item], None] | None = None,
) -> Generator[_Item]:
    """The items of an iterator, up to ``depth`` of which are made before they are asked for.

    That which is being made counts: with a depth of 1 the next item is begun when this one is
    taken. What the iterator raises is raised here, after the items before. When this generator is
    closed the thread ends with the item that it is making.

    Args:
        items: Makes the iterator, in the thread.
        depth: At least 1.
        stop: Is set when this generator is closed, for items that can be given up half-way.
        join_s: How long to wait for the thread then. It is a daemon, and does not keep the process.
        drop: Is given each item that was made and that nobody took.
    """
    stop = stop or threading.Event()
    room = threading.Semaphore(depth)
    made: queue.SimpleQueue[_Item | _End] = queue.SimpleQueue()
    thread = threading.Thread(
        target=_make, args=(items, made, room, stop, drop), name="sn7fast-ahead", daemon=True
    )
    try:
        thread.start()
        while not isinstance(item := _next(made), _End):
            room.release()
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        room.release()
        _join(thread, join_s)
        _drop_all(made, drop)


def _make(
    items: Callable[[], Iterator[_Item]],
    made: queue.SimpleQueue[_Item | _End],
    room: threading.Semaphore,
    stop: threading.Event,
    drop: Callable[[_Item], None] | None,
) -> None:
    end = _End()
    try:
        iterator = items()
        while room.acquire() and not stop.is_set():
            try:
                item = next(iterator)
            except StopIteration:
                break
            made.put(item)
    except BaseException as error:
        end = _End(error)
    made.put(end)
    if stop.is_set():
        # Whoever closed the generator may have gone before the last item came.
        _drop_all(made, drop)


def _next(made: queue.SimpleQueue[_Item | _End]) -> _Item | _End:
    while True:
        try:
            return made.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            continue


def _join(thread: threading.Thread, seconds: float) -> None:
    """Nothing for one that was stopped on its start, which makes nothing."""
    end = time.monotonic() + seconds
    while thread.is_alive() and (left := end - time.monotonic()) > 0:
        thread.join(min(left, _LOOK_EVERY_S))


def _drop_all(made: queue.SimpleQueue[_Item | _End], drop: Callable[[_Item], None] | None) -> None:
    """Each item is taken once, by whichever thread comes first."""
    while True:
        try:
            item = made.get_nowait()
        except queue.Empty:
            return
        if drop is not None and not isinstance(item, _End):
            drop(item)
