"""Where everything lies in the folder of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TRACKS, TRUTH, SCORES, RUN = "tracks.csv", "truth.csv", "scores.json", "run.json"
"""Files of the whole run."""

PROBABILITIES, BUILDINGS, STATE = "probabilities", "buildings", "state"
CHANGE, ITEMS, REPORTS = "change", "items", "reports"


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one AOI.

    Attributes:
        out: Folder of the run.
        aoi: Name of the area.
    """

    out: Path
    aoi: str

    @property
    def probabilities(self) -> Path:
        """Folder of the probabilities of each month."""
        return self.out / PROBABILITIES / self.aoi

    def footprints(self, suffix: str) -> Path:
        """Footprints in the format of a suffix such as ``.geojson``.

        Those of an SN7 CSV are ``<AOI>.sn7.csv``, beside the table of buildings.
        """
        return self.out / BUILDINGS / f"{self.aoi}{'.sn7' if suffix == '.csv' else ''}{suffix}"

    @property
    def table(self) -> Path:
        """One row a building, as CSV."""
        return self.out / BUILDINGS / f"{self.aoi}.csv"

    @property
    def state(self) -> Path:
        """Folder of what a later run goes on from."""
        return self.out / STATE / self.aoi

    @property
    def change(self) -> Path:
        """When each pixel was built up, as a COG."""
        return self.out / CHANGE / f"{self.aoi}.tif"

    @property
    def item(self) -> Path:
        """The STAC item."""
        return self.out / ITEMS / f"{self.aoi}.json"

    @property
    def report(self) -> Path:
        """The page to look at."""
        return self.out / REPORTS / f"{self.aoi}.html"

    @property
    def manifest(self) -> Path:
        """See `sn7fast.pipeline.manifest`."""
        return self.state / "manifest.json"

    @property
    def ids(self) -> Path:
        """See `sn7fast.pipeline.published`."""
        return self.state / "ids.npz"

    @property
    def hashes(self) -> Path:
        """See `sn7fast.pipeline.hashes`; knows times and paths, and may be removed."""
        return self.state / ".hashes.json"

    @property
    def lock(self) -> Path:
        """See `sn7fast.io.lock`."""
        return self.state / ".lock"

    @property
    def part(self) -> Path:
        """Folder in which outputs are made."""
        return self.state / ".part"

    @property
    def tracks(self) -> Path:
        """The tracked stack; see `sn7fast.pipeline.stacks`."""
        return self.state / "tracks.npz"

    @property
    def truth(self) -> Path:
        """The labels, if there are any."""
        return self.state / "truth.npz"

    @property
    def scores(self) -> Path:
        """The scores of this AOI against its labels, if there are any."""
        return self.state / "scores.json"
