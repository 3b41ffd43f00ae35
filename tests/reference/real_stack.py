"""Figures of the real stack: predicted masks of AOI 0368E against its label masks.

Run it from the checkout: ``PYTHONPATH=tests python -m reference.real_stack``. It prints JSON.
"""

import json
import sys
import time

import numpy as np
import rasterio

from reference import polygons, scot, vectorised
from shared_folder import ABSENT, find_shared

AOI = "L15-0368E-1245N_1474_3210_13"
MIN_AREA = 4
MIN_IOU = 0.25


def month_of(path):
    """YYYY_MM of ``global_monthly_YYYY_MM_mosaic_...``."""
    return path.stem[15:22]


def masks(folder):
    """Month -> boolean mask."""
    found = {}
    for path in sorted(folder.glob("**/*.tif")):
        with rasterio.open(path, driver="GTiff") as raster:
            found[month_of(path)] = raster.read(1) > 0
    return found


def tracked(month_masks):
    """List of (month, id, polygon), from masks by polygonize and track."""
    months = []
    for month, mask in sorted(month_masks.items()):
        found = [p for p in polygons.regions(mask) if p.area >= MIN_AREA]
        months.append((month, np.array(found, object)))
    by_name = dict(months)
    return [
        (result["name"], int(identifier), by_name[result["name"]][position])
        for result in vectorised.track(months, MIN_IOU)
        for position, identifier in zip(result["order"], result["Id"], strict=True)
    ]


def figures(real_data):
    """Every figure of the real stack, as JSON-able dictionaries."""
    predicted = masks(real_data / "sn7-pred-stack" / AOI)
    labelled = masks(real_data / "sn7-label-stack" / AOI)
    times = {}
    rows = {}
    for name, stack in (("truth", labelled), ("proposal", predicted)):
        start = time.perf_counter()
        rows[name] = tracked({month: stack[month] for month in predicted})
        times[f"polygonize and track {name}"] = time.perf_counter() - start
    start = time.perf_counter()
    result = scot.one_aoi(rows["truth"], rows["proposal"], match=vectorised.match)
    times["scot"] = time.perf_counter() - start
    return {
        "aoi": AOI,
        "months": len(predicted),
        **{f"{name} rows": len(table) for name, table in rows.items()},
        **{f"{name} ids": len({row[1] for row in table}) for name, table in rows.items()},
        **dict(zip(scot.STATS, result["stats"], strict=True)),
        "per month": [
            {key: month[key] for key in ("timestep", "tp", "fp", "fn")}
            for month in result["months"]
        ],
        "seconds": times,
    }


if __name__ == "__main__":
    folder = find_shared()
    if folder is None:
        sys.exit(ABSENT)
    json.dump(figures(folder / "data" / "real"), sys.stdout, indent=1)
