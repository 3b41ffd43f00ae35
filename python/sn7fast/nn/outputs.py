"""Files of predictions: what is written, whether it is there already, and how to read it.

A GeoTIFF with one band for each output, whose description names it. What it was made with is kept
as JSON in a tag, by which a later run knows whether the file is what it would write.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError, RasterError
from sn7fast.grid import Grid
from sn7fast.io.raster_writer import RasterWriter
from sn7fast.io.rasters import Window, opened, read_through

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from sn7fast.nn.settings import PredictSettings

TAG = "SN7FAST_PREDICTION"
# Of uint8: 0 is no data, so that programs that know nothing of it see background there.
_LEVELS = 254


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a network said of one image.

    Attributes:
        values: float32 (outputs, rows, columns): probabilities or logits, NaN where no data.
        valid: bool (rows, columns), True where there is data.
        outputs: Names of the outputs.
        grid: Where the pixels lie.
        made: What it was made with: kind, settings, weights, spec.
    """

    values: NDArray[np.float32]
    valid: NDArray[np.bool_]
    outputs: tuple[str, ...]
    grid: Grid
    made: dict[str, Any]

    def __getitem__(self, output: str) -> NDArray[np.float32]:
        """The values (rows, columns) of an output."""
        if output not in self.outputs:
            raise InputError(f"output: got {output!r}, the file has {', '.join(self.outputs)}")
        values: NDArray[np.float32] = self.values[self.outputs.index(output)]
        return values


class PredictionFile:
    """A `Sink` that writes a file; see `RasterWriter` for errors.

    Args:
        path: File to write.
        grid: Of the answer.
        names: Of its outputs.
        settings: How to write them.
        made: Text for the tag.
        scale: Pixels of the answer along one of the image.
    """

    def __init__(
        self,
        path: Path,
        grid: Grid,
        names: tuple[str, ...],
        settings: PredictSettings,
        made: str,
        scale: int,
    ) -> None:
        self._settings, self._scale = settings, scale
        self._writer = RasterWriter(
            path,
            grid,
            settings.dtype,
            names,
            nodata=0 if settings.dtype == "uint8" else float("nan"),
            tags={TAG: made},
            cloud_optimised=settings.format == "COG",
        )

    def write(
        self, row: int, column: int, values: NDArray[np.float32], valid: NDArray[np.bool_]
    ) -> None:
        """See `Sink`."""
        self._writer.write(row, column, encoded(values, valid, self._settings, self._scale))

    def finish(self) -> None:
        """The file takes its place."""
        self._writer.finish()

    def abandon(self) -> None:
        """Nothing is left of it."""
        self._writer.abandon()


def encoded(
    values: NDArray[np.float32],
    valid: NDArray[np.bool_],
    settings: PredictSettings,
    scale: int,
) -> NDArray[Any]:
    """The numbers that stand in a file.

    Args:
        values: (outputs, rows, columns), as the settings' kind.
        valid: (rows / scale, columns / scale), of the image.
        settings: How to write.
        scale: See ``valid``.

    Returns:
        float32 or uint8 (outputs, rows, columns).
    """
    no_data = None
    if settings.clouds == "nodata" and not valid.all():
        no_data = np.repeat(np.repeat(~valid, scale, axis=0), scale, axis=1)
    if settings.dtype == "uint8":
        levels = values * np.float32(_LEVELS)
        levels += np.float32(1.5)
        result: NDArray[Any] = levels.astype(np.uint8)
    else:
        result = values.copy() if no_data is not None else values
    if no_data is not None:
        result[:, no_data] = 0 if settings.dtype == "uint8" else np.nan
    return result


def read_prediction(path: str | os.PathLike[str], *, window: Window | None = None) -> Prediction:
    """Read what `predict` wrote.

    Args:
        path: The file.
        window: Rows and columns to read; None means all. The grid is that of the whole raster.

    Raises:
        RasterError: The file cannot be read, or is none that `predict` wrote; names it.
        MissingDependencyError: rasterio is not installed.
    """
    path = Path(path)
    with opened(path) as dataset:
        text = dataset.tags().get(TAG)
        if text is None:
            raise RasterError(f"{path}: was not written by predict: has no tag {TAG}")
        made = json.loads(text)
        stored = dataset.read(window=window)
        names = tuple(dataset.descriptions)
        grid = Grid.from_rasterio(dataset)
    if stored.dtype == np.uint8:
        valid = stored[0] != 0
        values = (stored.astype(np.float32) - 1) / np.float32(_LEVELS)
        values[:, ~valid] = np.nan
    else:
        valid, values = ~np.isnan(stored[0]), stored
    return Prediction(values, valid, names, grid, made)


def is_finished(path: Path, made: str, grid: Grid) -> bool:
    """True if the file is there, can be read to its end, and is what would be written.

    Raises:
        InputError: It was made with something else.
    """
    if not path.exists():
        return False
    try:
        with opened(path) as dataset:
            found = dataset.tags().get(TAG)
            shape_yx = dataset.shape
        read_through(path)
    except RasterError:
        return False
    if found != made:
        raise InputError(
            f"{path}: is there already, and {_difference(found, made)}; choose another folder, or "
            "overwrite"
        )
    return bool(shape_yx == grid.shape_yx)


def _difference(found: str | None, made: str) -> str:
    if found is None:
        return "is no prediction"
    try:
        one, other = json.loads(found), json.loads(made)
        odd = [key for key in sorted(one | other) if one.get(key) != other.get(key)]
        settings = [
            f"{key} {one['settings'].get(key)!r} instead of {other['settings'].get(key)!r}"
            for key in sorted(one["settings"] | other["settings"])
            if one["settings"].get(key) != other["settings"].get(key)
        ]
    except (ValueError, TypeError, KeyError, AttributeError):
        return "is no prediction of this version"
    what = ", ".join(key for key in odd if key != "settings") or "the settings"
    return f"was made with other {what}" + (f": {', '.join(settings)}" if settings else "")
