"""Writer: a thread that stitches the tiles of images and writes what is whole."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sn7fast.nn.canvas import Canvas, Sink

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from sn7fast.io.rasters import Window
    from sn7fast.nn.ensemble import Ensemble
    from sn7fast.nn.plan import Chunk
    from sn7fast.nn.tiles import Axis

# Answers that may wait for a writer.
_WAITING = 2


class Target(Sink, Protocol):
    """A sink with an end."""

    def finish(self) -> None:
        """All is there."""
        ...

    def abandon(self) -> None:
        """No more will come."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One image on its way.

    Attributes:
        name: For messages.
        shape_yx: Rows and columns.
        read: Gives the bands and the valid pixels of a window.
        target: Makes what takes the answer, in the thread of its writer.
    """

    name: str
    shape_yx: tuple[int, int]
    read: Callable[[Window], tuple[NDArray[Any], NDArray[np.bool_]]]
    target: Callable[[], Target]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """An image and its tiles; ``index`` is its place among all images."""

    image: Image
    index: int
    rows: Axis
    columns: Axis


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One tile; with the first of a row come the valid pixels of the row's part of the chunk."""

    chunk: Chunk
    row: int
    column: int
    values: NDArray[np.float32] | None
    row_valid: NDArray[np.bool_] | None
    ends_image: bool


class Writer:
    """A thread that stitches and writes; after an error it only empties its queue."""

    def __init__(self, ensemble: Ensemble) -> None:
        self._ensemble = ensemble
        self._queue: queue.Queue[tuple[Plan, Answer | None] | None] = queue.Queue(_WAITING)
        self._error: BaseException | None = None
        self._is_stopped = False
        self._target: Target | None = None
        self._canvas: Canvas | None = None
        self._thread = threading.Thread(target=self._work, name="sn7fast-write", daemon=True)
        self._thread.start()

    def put(self, plan: Plan, answer: Answer | None) -> None:
        """Hand on a tile, or None to give an image up; raises what went wrong so far."""
        if self._error is not None:
            raise self._error
        self._queue.put((plan, answer))

    def end(self) -> None:
        """Wait until all is written; raises what went wrong."""
        self._queue.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End at once if it has not; what is not whole is removed."""
        if self._thread.is_alive():
            self._is_stopped = True
            self._queue.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._error is None and not self._is_stopped:
                try:
                    self._do(*item)
                except BaseException as error:
                    self._error = error
        if self._target is not None:
            self._target.abandon()

    def _do(self, plan: Plan, answer: Answer | None) -> None:
        if answer is None:
            if self._target is not None:
                self._target.abandon()
            self._target = self._canvas = None
            return
        if self._canvas is None or self._target is None:
            self._target = plan.image.target()
            self._canvas = Canvas(
                plan.rows,
                plan.columns,
                len(self._ensemble.outputs),
                self._ensemble.spec.scale,
                self._target,
            )
        chunk = answer.chunk
        if answer.row_valid is not None:
            self._canvas.begin_row(chunk.block, answer.row, answer.row_valid, chunk.columns[0])
        self._canvas.add(answer.row, answer.column, answer.values)
        if answer.column == chunk.block.tiles[-1]:
            self._canvas.end_row(answer.row)
        if answer.ends_image:
            target, self._target, self._canvas = self._target, None, None
            target.finish()
