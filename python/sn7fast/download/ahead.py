"""An iterator that works ahead in a thread of its own.

Reading from the network or decompressing goes on while the other side writes; and Ctrl-C is heard
at once, since the main thread only waits for a queue, not in a call that cannot be interrupted.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

_Item = TypeVar("_Item")

_LOOK_EVERY_S = 0.2


class _End:
    """What comes after the last item: the error that ended it, if any."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Worker(Generic[_Item]):
    def __init__(self, items: Callable[[], Iterator[_Item]], depth: int) -> None:
        self._items = items
        self.queue: queue.Queue[_Item | _End] = queue.Queue(depth)
        self.is_wanted = True

    def run(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items():
                if not self._put(item):
                    return
        except BaseException as caught:
            error = caught
        self._put(_End(error))

    def _put(self, item: _Item | _End) -> bool:
        """False if nobody takes items any more."""
        while self.is_wanted:
            try:
                self.queue.put(item, timeout=_LOOK_EVERY_S)
            except queue.Full:
                continue
            return True
        return False


def ahead(items: Callable[[], Iterator[_Item]], depth: int) -> Generator[_Item]:
    """The items of an iterator, of which up to ``depth`` are made before they are asked for.

    What it raises is raised here, after the items before. When this generator is closed the thread
    ends with the item that it is making.
    """
    worker = _Worker(items, depth)
    threading.Thread(target=worker.run, name="sn7fast-ahead", daemon=True).start()
    try:
        while not isinstance(item := worker.queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        worker.is_wanted = False
