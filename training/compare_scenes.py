"""Compare synthetic scenes with real images: a picture of both, and a table of statistics.

    python training/compare_scenes.py REAL.tif [REAL.tif ...] --out compared.png --seeds 0 1 2 3

The picture has a window of each image at three times its size. The table has mean and standard
deviation of each band, the autocorrelation of brightness over 1, 2, 4 and 8 pixels, the ratio of
second to first differences (sharpness), and how red goes with green and blue.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.synthetic import synthetic_scene
from sn7fast.io.rasters import opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LAGS_PX = (1, 2, 4, 8)
_ZOOM, _ACROSS = 3, 3


def statistics(image: NDArray[np.uint8]) -> list[float]:
    """The row of the table of one image, uint8 (rows, columns, 4)."""
    pixels = image[image[..., 3] > 0][:, :3].astype(np.float64)
    grey = image[1:-1, 1:-1, :3].mean(axis=2)
    grey -= grey.mean()
    lags = [(grey[:, :-lag] * grey[:, lag:]).mean() / grey.var() for lag in _LAGS_PX]
    first, second = (np.abs(np.diff(grey, order, axis=1)).mean() for order in (1, 2))
    with_red = np.corrcoef(pixels.T)[0, 1:]
    return [*pixels.mean(axis=0), *pixels.std(axis=0), *lags, second / first, *with_red]


def window(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The middle of an image, enlarged."""
    top, left = ((length - side) // 2 for length in image.shape[:2])
    part = image[top : top + side, left : left + side, :3]
    return part.repeat(_ZOOM, axis=0).repeat(_ZOOM, axis=1)


def main() -> None:
    """Read the arguments, print the table, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("real", nargs="+", type=Path, help="RGBA image of SpaceNet 7")
    parser.add_argument("--out", type=Path, required=True, help="picture to write (PNG)")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(7)))
    parser.add_argument("--side", type=int, default=220, help="of the windows, in pixels")
    options = parser.parse_args()
    import rasterio

    images = {}
    for path in options.real:
        with opened(path) as dataset:
            images[path.stem[-40:]] = np.moveaxis(dataset.read(), 0, -1).astype(np.uint8)
    for seed in options.seeds:
        scene = synthetic_scene(seed=seed, shape_yx=(512, 512), months=1, cloud_chance=0)
        character = scene.character
        name = f"seed {seed}, {character.biome}, {character.kind}"
        images[name] = scene.image(scene.months[0])
    names = ("R", "G", "B", "sd R", "sd G", "sd B", *(f"lag {lag}" for lag in _LAGS_PX))
    header = (*names, "sharp", "R~G", "R~B")
    sys.stdout.write(f"{'':40}" + "".join(f"{name:>8}" for name in header) + "\n")
    for name, image in images.items():
        row = "".join(f"{number:8.3g}" for number in statistics(image))
        sys.stdout.write(f"{name:40}{row}\n")
    windows = [window(image, options.side) for image in images.values()]
    windows += [np.zeros_like(windows[0])] * (-len(windows) % _ACROSS)
    rows = [np.hstack(windows[at : at + _ACROSS]) for at in range(0, len(windows), _ACROSS)]
    picture = np.moveaxis(np.vstack(rows), -1, 0)
    profile = {"driver": "PNG", "count": 3, "dtype": "uint8"}
    height, width = picture.shape[1:]
    with warnings.catch_warnings():
        # A PNG lies nowhere.
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(options.out, "w", height=height, width=width, **profile) as file:
            file.write(picture)


if __name__ == "__main__":
    main()
