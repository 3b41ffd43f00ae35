"""Flow: images are read, predicted and written at the same time.

Readers (threads) decode the next chunks while the network works on one; writers (threads) stitch,
encode and compress what it said. Each queue between them is bounded, so that the fast wait for the
slow and memory does not grow. All chunks of an image go to one writer, in order, so that the result
does not depend on the threads. An image that cannot be read is left out and told; anything else
that goes wrong ends the run, and of files that are not whole nothing is left.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._core import get_num_threads
from sn7fast.errors import InputError
from sn7fast.nn.pixels import check_image
from sn7fast.nn.plan import chunks
from sn7fast.nn.tiles import axis
from sn7fast.nn.writer import Answer, Image, Plan, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from sn7fast.nn.ensemble import Ensemble
    from sn7fast.nn.plan import Chunk

_MOST_WRITERS = 8
# Chunks that may be read ahead, by as many threads at most. The same on every machine, as the
# chunks of a large image, and with them the order of the blocks in its file, depend on it.
_AHEAD = 4
# Those waiting, the next to wait, and the one at work.
_AT_ONCE = _AHEAD + 2
# Images whose answers are in memory: one is stitched while the one before is written.
_STITCHED = 2


def run_images(
    images: Sequence[Image],
    ensemble: Ensemble,
    *,
    advance: Callable[[int], None],
    failed: Callable[[Image, InputError], None],
) -> None:
    """Predict images.

    Args:
        images: What to predict.
        ensemble: With what, and how.
        advance: Called with a number of pixels when these are predicted, after each batch; what it
            raises ends the run.
        failed: Called with an image that cannot be used, and why.

    Raises:
        MemoryError: The network needs more of it than there is.
        RasterError, OSError: A file cannot be written.
    """
    threads = get_num_threads()
    writers = [Writer(ensemble) for _ in range(min(_MOST_WRITERS, threads, max(1, len(images))))]
    pool = ThreadPoolExecutor(min(_AHEAD, threads), "sn7fast-read")
    given_up: set[int] = set()
    try:
        for plan, chunk, future in _read_ahead(images, ensemble, pool, given_up):
            if plan.index in given_up:
                continue
            writer = writers[plan.index % len(writers)]
            try:
                image, valid = future.result()
                check_image(ensemble.spec, image, plan.image.name)
            except InputError as error:
                given_up.add(plan.index)
                writer.put(plan, None)
                failed(plan.image, error)
                continue
            _predict(plan, chunk, image, valid, ensemble, writer, advance)
        for writer in writers:
            writer.end()
    finally:
        pool.shutdown(cancel_futures=True)
        for writer in writers:
            writer.stop()


def pixels_mb(
    shape_yx: tuple[int, int], *, bands: int, outputs: int, scale: int, memory_mb: int
) -> float:
    """About how many megabytes of pixels `run_images` holds for images of a shape.

    What the network itself needs comes on top.

    Args:
        shape_yx: Rows and columns of an image.
        bands: Of an image.
        outputs: Of the network.
        scale: Pixels of the answer along one of the image.
        memory_mb: See `PredictSettings`; the answer is not above it.
    """
    rows, columns = shape_yx
    read, stitched = bands * 4 + 1, scale * scale * outputs * 4
    needed = rows * columns * (_AT_ONCE * read + _STITCHED * stitched)
    return min(needed, memory_mb * 2**20) / 1e6


def _read_ahead(
    images: Sequence[Image],
    ensemble: Ensemble,
    pool: ThreadPoolExecutor,
    given_up: set[int],
) -> Iterator[tuple[Plan, Chunk, Future[tuple[NDArray[Any], NDArray[np.bool_]]]]]:
    """The chunks of all images in order, of which some more are being read."""
    waiting: deque[tuple[Plan, Chunk, Any]] = deque()
    for plan, chunk in _chunks(images, ensemble):
        if plan.index in given_up:
            continue
        waiting.append((plan, chunk, pool.submit(plan.image.read, (chunk.rows, chunk.columns))))
        if len(waiting) > _AHEAD:
            yield waiting.popleft()
    yield from waiting


def _chunks(images: Sequence[Image], ensemble: Ensemble) -> Iterator[tuple[Plan, Chunk]]:
    settings, spec = ensemble.settings, ensemble.spec
    for index, image in enumerate(images):
        tile = settings.tile_for(image.shape_yx, ensemble.input_scale)
        overlap = settings.overlap_for(tile)
        rows, columns = (
            axis(side, tile, overlap, settings.stitch, scale=spec.scale, align=ensemble.align)
            for side in image.shape_yx
        )
        plan = Plan(image, index, rows, columns)
        for chunk in chunks(
            rows,
            columns,
            bands=len(spec.bands),
            outputs=len(ensemble.outputs),
            scale=spec.scale,
            memory_mb=settings.memory_mb,
            ahead=_AT_ONCE,
        ):
            yield plan, chunk


def _new_pixels(plan: Plan, chunk: Chunk) -> int:
    """Pixels of the image that the chunk adds to those before it."""
    starts = (*plan.rows.starts, plan.rows.size)
    end = chunk.tile_rows[-1] + 1
    bottom = plan.rows.size if end == len(plan.rows.starts) else starts[end]
    low, high = chunk.block.columns
    return (bottom - starts[chunk.tile_rows[0]]) * (high - low)


def _predict(
    plan: Plan,
    chunk: Chunk,
    image: NDArray[Any],
    valid: NDArray[np.bool_],
    ensemble: Ensemble,
    writer: Writer,
    advance: Callable[[int], None],
) -> None:
    """The tiles of a chunk, some at a time, in order."""
    rows, columns, settings = plan.rows, plan.columns, ensemble.settings
    todo = [(row, column) for row in chunk.tile_rows for column in chunk.block.tiles]
    pixels, told = _new_pixels(plan, chunk), 0
    for start in range(0, len(todo), settings.batch):
        group = todo[start : start + settings.batch]
        tiles, masks = [], []
        for row, column in group:
            top = rows.starts[row] - chunk.rows[0]
            left = columns.starts[column] - chunk.columns[0]
            place = slice(top, top + rows.tile), slice(left, left + columns.tile)
            tiles.append(image[:, *place])
            masks.append(valid[place])
        # What has no data need not be predicted.
        wanted = [settings.clouds == "keep" or bool(mask.any()) for mask in masks]
        answers: Iterator[NDArray[np.float32]] = iter(())
        if any(wanted):
            answers = iter(ensemble(np.stack([t for t, w in zip(tiles, wanted, strict=True) if w])))
        for (row, column), is_wanted in zip(group, wanted, strict=True):
            last = column == chunk.block.tiles[-1]
            row_valid = None
            if column == chunk.block.tiles[0]:
                top = rows.starts[row] - chunk.rows[0]
                row_valid = valid[top : top + rows.tile]
            ends = chunk.is_last and last and row == chunk.tile_rows[-1]
            writer.put(
                plan,
                Answer(chunk, row, column, next(answers) if is_wanted else None, row_valid, ends),
            )
        share = pixels * (start + len(group)) // len(todo)
        advance(share - told)
        told = share
