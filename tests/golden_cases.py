"""Golden cases: recorded inputs and outputs of the original code."""

import json
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from shared_folder import find_shared


@dataclass(frozen=True)
class Run:
    """One run of the original: case file, position in it."""

    kind: str
    case: str
    index: int

    @property
    def data(self):
        return load(self.kind, self.case)

    @property
    def params(self):
        return dict(self.data["runs"][self.index]["params"])

    @property
    def expected(self):
        return self.data["runs"][self.index]["expected"]

    @property
    def input(self):
        return self.data["input"]

    @property
    def raises(self):
        return "raises" in self.expected

    @property
    def folder(self):
        return find_shared() / "golden" / self.kind

    def array(self, name):
        with np.load(self.folder / f"{self.case}.npz") as arrays:
            return arrays[name]

    def __str__(self):
        return f"{self.kind}/{self.case}-{self.index}"


@cache
def load(kind, case):
    return json.loads((find_shared() / "golden" / kind / f"{case}.json").read_text())


def lost_ids(run):
    """Whether the original gave NaN for identifiers, after an empty first month (quirk 7)."""
    return any(None in month["Id"] for month in run.expected["months"])


def runs(kind, *, raising=False, without=None):
    """Parameters of a test: the runs of a kind that gave a result, or those that raised.

    ``without`` leaves out the runs for which it is true.

    Without the shared folder there is one, which the fixture ``shared`` skips or fails.
    """
    root = find_shared()
    if root is None:
        return [pytest.param(None, id="no-shared-folder")]
    found = []
    for path in sorted((root / "golden" / kind).glob("*.json")):
        for index, run in enumerate(load(kind, path.stem)["runs"]):
            if ("raises" in run["expected"]) != raising:
                continue
            if without is None or not without(Run(kind, path.stem, index)):
                found.append(pytest.param(Run(kind, path.stem, index), id=f"{path.stem}-{index}"))
    return found


def polygons(geometries):
    return [shape(geometry) for geometry in geometries]


def same_regions(got, expected):
    """Whether two lists hold the same polygons, whatever the order, ring starts and windings."""

    def key(geometries):
        return sorted(shapely.to_wkb(shapely.normalize(geometry)) for geometry in geometries)

    return key(got) == key(expected)
