"""Where everything lies in the folder of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TRACKS, TRUTH, SCORES, RUN = "tracks.csv", "truth.csv", "scores.json", "run.json"
"""Files of the whole run."""

PROBABILITIES, BUILDINGS, STATE = "probabilities", "buildings", "state"


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
        """Footprints in the format of a suffix such as ``.geojson``."""
        return self.out / BUILDINGS / f"{self.aoi}{suffix}"

    @property
    def table(self) -> Path:
        """One row a building, as CSV."""
        return self.out / BUILDINGS / f"{self.aoi}.csv"

    @property
    def state(self) -> Path:
        """Folder of what a later run goes on from."""
        return self.out / STATE / self.aoi

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
