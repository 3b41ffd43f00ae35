"""Images and masks that come in rows, and pages of them."""

import numpy as np

from sn7fast import Footprints, Stack
from sn7fast.report import backgrounds, clouds, pictures, reading, strips, write_report

MONTHS = ("2018_01", "2018_02", "2018_03")


class Rows:
    """Has the form of an array, and gives rows of it."""

    def __init__(self, array, block_rows=1):
        self._array = array
        self.shape, self.ndim, self.dtype = array.shape, array.ndim, array.dtype
        self.block_rows = block_rows

    def __getitem__(self, rows):
        assert isinstance(rows, slice)
        return self._array[rows].copy()


def make_tiny(monkeypatch):
    """All that depends on the size of an image happens for small ones, too."""
    monkeypatch.setattr(strips, "_STRIP_BYTES", 3000)
    monkeypatch.setattr(reading, "_WINDOW_VALUES", 3000)
    monkeypatch.setattr(pictures, "_HELD_BYTES", 0)
    monkeypatch.setattr(pictures, "_KEPT_BYTES", 0)
    monkeypatch.setattr(backgrounds, "_TOGETHER_PX", 0)
    monkeypatch.setattr(clouds, "_PIECE_PX", 97)


def scene(kind, shape, seed=0):
    """Brighter from top to bottom, with grain; some numbers are none."""
    rng = np.random.default_rng(seed)
    rise = np.linspace(0, 1, shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    values = rng.random(shape) * 0.4 + rise * 0.6
    if kind == "bool":
        return values > 0.6
    if kind == "uint8":
        return (values * 255).astype(np.uint8)
    values = values * 30000 - (3000 if kind.startswith(("i", "f")) else 0)
    if kind.startswith("f"):
        values[rng.random(shape) < 0.01] = np.nan
    return values.astype(kind)


def tracks(months=MONTHS):
    return Stack.from_frames(
        [Footprints.empty()] * len(months), months=months, aoi="a", ids=[[]] * len(months)
    )


def page(folder, images, valid=None, **options):
    path = folder / "page.html"
    write_report(path, tracks(), images=images, valid=valid, **options)
    return path.read_bytes()


def write_tif(path, image, **profile):
    import rasterio

    from sn7fast.io.rasters import unreferenced_too

    bands = image[None] if image.ndim == 2 else image.transpose(2, 0, 1)
    count, rows, columns = bands.shape
    form = {"dtype": bands.dtype, "count": count, "height": rows, "width": columns}
    form |= {"driver": "GTiff", **profile}
    with unreferenced_too(), rasterio.open(path, "w", **form) as dataset:
        dataset.write(bands)
    return path
