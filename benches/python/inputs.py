"""What the benches work on: the real stack of AOI 0368E, or a synthetic one where it is absent.

`choose` is the only place where this is decided; the name of the choice goes into every result.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.ndimage as ndi

from reference.real_stack import AOI, masks
from shared_folder import find_shared
from sn7fast import Cube, Footprints, Stack, polygonize_frames, read_geojson, track
from sn7fast.data.sn7 import sn7_grid
from sn7fast.data.synthetic import synthetic_stack

MIN_AREA_PX = 4
CRS = "EPSG:3857"
GEOJSON_FEATURES = 240_000
TABLE_ROWS = 165_000


@dataclass(frozen=True, eq=False)
class Inputs:
    """One AOI, both sides.

    Attributes:
        source: Shown in reports.
        months: T labels.
        truth_masks: uint8 (T, rows, columns), 0 and 255.
        predicted_masks: The same kind.
        survey: Footprints as a surveyor draws them: corners between the pixels.
    """

    source: str
    months: tuple[str, ...]
    truth_masks: np.ndarray
    predicted_masks: np.ndarray
    survey: Footprints


@cache
def choose():
    """Real inputs where the shared folder is, else synthetic ones of the same size."""
    shared = find_shared()
    return synthetic() if shared is None else real(shared / "data" / "real")


def real(folder):
    """Labels and predictions of the 19 months that have both, and the labels of a full tile."""
    predicted = masks(folder / "sn7-pred-stack" / AOI)
    labelled = masks(folder / "sn7-label-stack" / AOI)
    months = tuple(sorted(predicted))

    def cube(frames):
        return np.where(np.stack([frames[month] for month in months]), np.uint8(255), np.uint8(0))

    (survey,) = folder.glob("sn7-full-tile/*/labels_match_pix/*.geojson")
    return Inputs(
        "real, AOI 0368E", months, cube(labelled), cube(predicted), read_geojson(survey).footprints
    )


def synthetic():
    """As many months and buildings as the real stack has."""
    made = synthetic_stack(seed=0, months=19, buildings=9000)
    survey = made.truth.frame(made.months[-1])
    # A turn by 0.1 rad takes the corners off the pixel grid.
    turn = np.array([[np.cos(0.1), np.sin(0.1)], [-np.sin(0.1), np.cos(0.1)]])
    survey = Footprints(survey.coords @ turn, survey.ring_offsets, survey.polygon_offsets)
    return Inputs("synthetic, seed 0", made.months, made.truth_masks, made.predicted_masks, survey)


def frame():
    """The last month of the labels."""
    return choose().truth_masks[-1]


@cache
def stacks():
    """(truth, proposal): polygonized and tracked."""
    inputs = choose()
    return tuple(
        track(polygonize_frames(cube, months=inputs.months, aoi=AOI, min_area_px=MIN_AREA_PX))
        for cube in (inputs.truth_masks, inputs.predicted_masks)
    )


@cache
def many():
    """(footprints, ids): as many features as wanted from all months of both sides, on the map.

    Metres of EPSG:3857 need all digits of a double, pixel corners would not.
    """
    sides = stacks()
    footprints = Footprints.concatenate([side.footprints for side in sides])
    ids = np.concatenate([side.ids for side in sides])
    rows = np.resize(np.arange(len(footprints)), GEOJSON_FEATURES)
    footprints, ids = footprints[rows], ids[rows]
    a, b, c, d, e, f = sn7_grid(AOI).transform
    coords = footprints.coords @ np.array([[a, d], [b, e]]) + [c, f]
    return Footprints(coords, footprints.ring_offsets, footprints.polygon_offsets), ids


@cache
def table():
    """A truth table of many months: the survey over and over, each building under its id."""
    survey = choose().survey
    count = -(-TABLE_ROWS // len(survey))
    months = [f"{2000 + k // 12}_{k % 12 + 1:02}" for k in range(count)]
    ids = [np.arange(len(survey))] * count
    return Stack.from_frames([survey] * count, months=months, aoi=AOI, ids=ids)


@cache
def cube(scale):
    """Probabilities of 24 months under clouds, enlarged: blurred predictions with noise.

    Synthetic in any case: there are no real probabilities.
    """
    made = synthetic_stack(seed=0, months=24, buildings=9000)
    rng = np.random.default_rng(0)
    grain = ndi.gaussian_filter(rng.normal(size=(1100, 1100)).astype(np.float32), 1.0)
    frames = []
    for mask in made.predicted_masks:
        frame = mask.repeat(scale, axis=0).repeat(scale, axis=1).astype(np.float32)
        blurred = ndi.gaussian_filter(frame, 0.4 * scale, truncate=2.0)
        # The same grain all over, from another place each month.
        y, x = rng.integers(0, 64, 2)
        noise = np.tile(grain[y : y + 1024, x : x + 1024], (scale, scale))
        frames.append(np.clip(0.92 * blurred + 120 * noise, 0, 255).astype(np.uint8))
    return Cube.from_arrays(
        np.stack(frames), months=made.months, valid=made.cloud_masks == 0, scale=scale
    )
