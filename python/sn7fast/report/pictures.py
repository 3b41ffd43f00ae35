"""Images as a page shows them, made strip by strip."""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sn7fast.errors import InputError
from sn7fast.report.strips import as_strips, strips_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from sn7fast.report.strips import Strips

_Part: TypeAlias = "tuple[NDArray[Any], NDArray[np.bool_]]"
"""Rows of a reduced image (bands, rows, columns), and which of their pixels tell."""

# Shares of the pixels, in %, that become black and white; so many pixels tell.
_STRETCH, _TELLING = (0.5, 99.5), 200_000
# What all pictures that are kept may take, and the parts of one that is stretched. An image whose
# parts take more is read once more for each look at them.
_KEPT_BYTES, _HELD_BYTES = 48 * 2**20, 64 * 2**20


class Pictures:
    """Images as they are shown: uint8 (1 or 3, rows / factor, columns / factor).

    Of an image no more is in memory at a time than some rows.

    Args:
        images: See `sn7fast.report.write_report`.
        valid: By month; what is hidden does not count for the stretch.
        shape_yx: Rows and columns of the images.
        factor: Pixels of these along one of the pictures.
    """

    def __init__(
        self,
        images: Mapping[str, Any],
        valid: Mapping[str, Strips],
        shape_yx: tuple[int, int],
        factor: int,
    ) -> None:
        self._images, self._valid = images, valid
        self._shape_yx, self._factor = shape_yx, factor
        rows, columns = shape_yx
        self.shape_yx = (-(-rows // factor), -(-columns // factor))
        self._kept: dict[str, NDArray[np.uint8]] = {}
        self._lock = Lock()

    def of(self, month: str) -> NDArray[np.uint8]:
        """The picture of a month.

        Raises:
            InputError: The image has another form, or not the shape of the first.
        """
        if month in self._kept:
            return self._kept[month]
        picture = self._made(month, checked_image(month, self._images[month]))
        with self._lock:
            kept = sum(other.nbytes for other in self._kept.values())
            if not kept or kept + picture.nbytes <= _KEPT_BYTES:
                self._kept[month] = picture
        return picture

    def _made(self, month: str, image: Strips) -> NDArray[np.uint8]:
        rows, columns = self._shape_yx
        if image.shape[:2] != (rows, columns):
            raise InputError(
                f"images: month {month}: got {image.shape[0]} x {image.shape[1]} (rows x columns), "
                f"the first month has {rows} x {columns}"
            )
        count = 3 if image.ndim == 3 and image.shape[2] >= 3 else 1
        is_bytes = image.dtype in (np.bool_, np.uint8)
        picture = np.empty((count, *self.shape_yx), np.uint8)
        if count == 1 and is_bytes:
            _fill(picture, (part for part, _ in self._parts(image, count, None)))
            return picture
        clear = self._clear(month)
        # With what tells, which is one more.
        size = picture[0].size * (1 + count * (1 if is_bytes else max(4, image.dtype.itemsize)))
        if size <= _HELD_BYTES:
            held = list(self._parts(image, count, clear))
            _fill(picture, _stretched(lambda: held, count))
        else:
            _fill(picture, _stretched(lambda: self._parts(image, count, clear), count))
        return picture

    def _parts(self, image: Strips, count: int, clear: NDArray[np.bool_] | None) -> Iterator[_Part]:
        """The first bands of an image, reduced."""
        top = 0
        # Not by a name that would keep a strip while the next is read.
        for part, opaque in map(partial(self._part, count), strips_of(image, self._factor)):
            bottom = top + part.shape[1]
            yield part, opaque if clear is None else opaque & clear[top:bottom]
            top = bottom

    def _part(self, count: int, strip: NDArray[Any]) -> _Part:
        """A strip reduced, and which of its pixels are opaque."""
        factor = self._factor
        bands = strip[..., None] if strip.ndim == 2 else strip
        chosen = bands[..., :count].transpose(2, 0, 1)
        if chosen.dtype == bool:
            chosen = np.where(chosen, np.uint8(255), np.uint8(0))
        part = _reduced(chosen, factor)
        if bands.shape[2] == 4 and bands.dtype == np.uint8:
            return part, bands[::factor, ::factor, 3] > 0
        return part, np.ones(part.shape[1:], bool)

    def _clear(self, month: str) -> NDArray[np.bool_]:
        """Pixels that are not hidden, as one of each square tells."""
        clear = np.ones(self.shape_yx, bool)
        if month in self._valid:
            factor, top = self._factor, 0
            for strip in strips_of(self._valid[month], factor):
                # Masks may have a row or column more, or less.
                mask = strip[::factor, ::factor]
                seen = clear[top : top + len(mask), : mask.shape[1]]
                seen &= mask[: len(seen), : seen.shape[1]]
                top += len(mask)
        return clear


def checked_image(month: str, image: Any) -> Strips:  # noqa: ANN401 - whatever numpy takes
    """An image of (rows, columns) or (rows, columns, bands).

    Raises:
        InputError: It has another form.
    """
    image = as_strips(image)
    if image.ndim not in (2, 3) or image.dtype.kind not in "buif" or 0 in image.shape:
        raise InputError(
            f"images: month {month}: got {image.dtype} of shape {image.shape}, wanted numbers of "
            "(rows, columns) or (rows, columns, bands)"
        )
    strips: Strips = image
    return strips


def _fill(picture: NDArray[np.uint8], parts: Iterable[NDArray[np.uint8]]) -> None:
    top = 0
    for part in parts:
        picture[:, top : top + part.shape[1]] = part
        top += part.shape[1]


def _stretched(parts: Callable[[], Iterable[_Part]], count: int) -> Iterator[NDArray[np.uint8]]:
    """Of each band almost the darkest clear pixel becomes black, almost the brightest white.

    Args:
        parts: Gives all parts of an image, as often as it is called.
        count: Bands.
    """
    known = [0] * count
    for part, tells in parts():
        for index, band in enumerate(part):
            known[index] += int(np.count_nonzero(_finite(band, tells)))
    steps = [max(1, number // _TELLING) for number in known]
    picked: list[list[NDArray[Any]]] = [[] for _ in range(count)]
    passed = [0] * count
    for part, tells in parts():
        for index, band in enumerate(part):
            seen, step = band[_finite(band, tells)], steps[index]
            picked[index].append(seen[-passed[index] % step :: step].astype(np.float64))
            passed[index] += len(seen)
    ranges = [
        np.percentile(np.concatenate(seen) if number else np.array([0.0, 255.0]), _STRETCH)
        for seen, number in zip(picked, known, strict=True)
    ]
    for part, _ in parts():
        shown = np.empty(part.shape, np.uint8)
        for index, (low, high) in enumerate(ranges):
            scaled = (part[index].astype(np.float32) - low) * (255 / max(high - low, 1e-9))
            shown[index] = np.clip(np.nan_to_num(scaled), 0, 255).astype(np.uint8)
        yield shown


def _finite(band: NDArray[Any], tells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return tells & np.isfinite(band) if band.dtype.kind == "f" else tells


def _reduced(picture: NDArray[Any], factor: int) -> NDArray[Any]:
    """Means of squares, of bytes as bytes; those at the right and lower edge may be cut."""
    if factor == 1:
        return np.ascontiguousarray(picture)
    _, rows, columns = picture.shape
    kind = np.uint8 if picture.dtype == np.uint8 else np.float32
    out = np.empty((len(picture), -(-rows // factor), -(-columns // factor)), kind)
    high, wide = out.shape[1:]
    edge = ((0, high * factor - rows), (0, wide * factor - columns))
    for index, band in enumerate(picture):
        squares = np.pad(band, edge, mode="edge").reshape(high, factor, wide, factor)
        means = squares.mean(axis=(1, 3), dtype=np.float32)
        out[index] = np.rint(means) if kind is np.uint8 else means
    return out
