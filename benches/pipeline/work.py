"""What is timed on cached probabilities: an AOI from its files to its table, ours and the rivals'.

Each function does one AOI and writes ``<AOI>.csv``; all are run by the same pool of processes.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
import shapely

from reference import polygons, vectorised
from reference import stc as reference_stc
from sn7fast import StcParams, collapse_stc, set_num_threads, write_csv
from sn7fast.postprocess import PostProcessing, postprocess
from sn7fast.postprocess.cubes import cube_loaders

MIN_AREA_PX = 4
STC = StcParams(min_area=3, distance=2)


def one_thread():
    """Of each process of the pool."""
    set_num_threads(1)


def _cube(folder):
    (load,) = cube_loaders(folder).values()
    return load()


def _ours(folder, out, method):
    stack = postprocess(_cube(folder), PostProcessing(method), aoi=folder.name)
    write_csv(out / f"{folder.name}.csv", stack)


def baseline(folder, out):
    """Polygonize, track, write."""
    _ours(folder, out, "baseline")


def collapse(folder, out):
    """The default."""
    _ours(folder, out, "collapse")


def stc(folder, out):
    """The published collapse, with parameters for images of their own size."""
    cube = _cube(folder)
    write_csv(out / f"{folder.name}.csv", collapse_stc(cube, STC, aoi=folder.name))


def rival_baseline(folder, out):
    """The best of rasterio, shapely 2 and pandas."""
    frames = []
    for path in sorted(folder.glob("*.tif")):
        with rasterio.open(path) as dataset:
            # 0 is no data, else 1 + 254 p; a p of 0.5 counts, as it is rounded up for the others.
            mask = dataset.read(1) > 127
        found = np.array(polygons.regions(mask), object)
        frames.append((path.stem, found[shapely.area(found) >= MIN_AREA_PX]))
    shapes = dict(frames)
    tables = []
    for tracked in vectorised.track(frames):
        name = tracked["name"]
        wkt = shapely.to_wkt(shapes[name][tracked["order"]], rounding_precision=-1)
        tables.append(pd.DataFrame({"filename": name, "id": tracked["Id"], "geometry": wkt}))
    pd.concat(tables).to_csv(out / f"{folder.name}.csv", index=False)


def rival_stc(folder, out):
    """The collapse by numpy, scikit-image and shapely."""
    cube = _cube(folder)
    valid = None if cube.valid is None else cube.valid_pixels()
    found = reference_stc.collapse(cube.prob, valid, cube.scale, STC)
    names = [path.stem for path in sorted(folder.glob("*.tif"))]
    wkt = shapely.to_wkt([shapely.Polygon(ring) for ring in found.values()], rounding_precision=1)
    table = pd.DataFrame(
        {
            "filename": [names[month] for month, _ in found],
            "id": [key for _, key in found],
            "geometry": wkt,
        }
    )
    table.to_csv(out / f"{folder.name}.csv", index=False)


def do(name, folder, out):
    """One AOI by one of the functions above."""
    globals()[name](Path(folder), Path(out))
