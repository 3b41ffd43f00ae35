"""Small stacks of images and masks for tests of the pipeline."""

import numpy as np

from nn_fakes import write_rgba
from sn7fast.grid import Grid
from sn7fast.io.rasters import write_bands

MONTHS = ["2018_01", "2018_02", "2018_03", "2018_04"]
GRID = Grid((48, 40), (10, 0, 399960, 0, -10, 4900020), "EPSG:32632")
# x, y, width, height, first month and the month from which it is gone.
HOUSES = [(4, 4, 6, 5, 0, 9), (20, 8, 5, 5, 0, 3), (30, 30, 7, 4, 1, 9), (8, 28, 4, 6, 2, 9)]


def mask_of(time, houses=HOUSES, shape=(48, 40)):
    """uint8 0 and 255: the houses that stand in a month."""
    mask = np.zeros(shape, np.uint8)
    for x, y, width, height, first, end in houses:
        if first <= time < end:
            mask[y : y + height, x : x + width] = 255
    return mask


def write_masks(folder, count, houses=HOUSES, grid=GRID, aoi="harbour"):
    """A folder of an AOI with ``count`` months of masks; gives the source."""
    folder = folder / aoi
    folder.mkdir(parents=True, exist_ok=True)
    for time in range(count):
        month = f"{2018 + time // 12}_{time % 12 + 1:02}"
        write_bands(folder / f"{month}.tif", mask_of(time, houses)[None], grid)
    return folder.parent


def write_images(folder, count, houses=HOUSES, grid=GRID, aoi="harbour"):
    """The same as images: bright houses on dark ground, of any network's liking."""
    for time in range(count):
        month = f"{2018 + time // 12}_{time % 12 + 1:02}"
        pixels = np.repeat(mask_of(time, houses)[None] // 255 * 180 + 40, 3, axis=0)
        write_rgba(folder / aoi / f"{month}.tif", pixels.astype(np.uint8), grid=grid)
    return folder
