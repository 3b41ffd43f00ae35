"""The steps of one AOI in one run: which are to be done, and where their outputs are made.

An output is made in ``state/<AOI>/.part``, a folder of its own on the same disk, and then takes its
place by renaming. What a killed run left there is removed by the next one, which holds the lock.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn7fast import __version__
from sn7fast.pipeline.hashes import Hashes
from sn7fast.pipeline.layout import Layout
from sn7fast.pipeline.manifest import Manifest
from sn7fast.pipeline.outcome import AoiOutcome, Told
from sn7fast.pipeline.results import begin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sn7fast.cube import Cube
    from sn7fast.pipeline.frames import ImageFrame
    from sn7fast.pipeline.outcome import State
    from sn7fast.pipeline.plan import AoiJob

_LEFTOVERS = ".sn7fast-*"


class Steps:
    """The steps of a job.

    Args:
        job: Whose.
        tell: Called with what happens.
        look: Called before each file that is hashed; may raise to end the work.
    """

    def __init__(
        self, job: AoiJob, tell: Callable[[Told], None], look: Callable[[], None] | None = None
    ) -> None:
        self.job, self._tell = job, tell
        self.layout = Layout(job.out, job.aoi)
        self.hashes = Hashes(self.layout.hashes, look)
        self.manifest = Manifest(self.layout.manifest, job.out, self.hashes, job.aoi)
        self.counts: dict[str, int] = {}
        self.failed_images: dict[str, str] = {}
        self.written: list[str] = []
        self.kept_images: list[str] = []
        # Frames of masks or probabilities that can be used, once they were looked at.
        self.usable: list[ImageFrame] | None = None
        # What the cube depends on, once its files were looked at; and the cube, if it was read
        # ahead, until it is taken.
        self.source: dict[str, Any] | None = None
        self.cube: Cube | None = None
        self._done: list[str] = []
        self._kept: list[str] = []
        self._notes: list[str] = []
        self._seconds: dict[str, float] = {}
        self._remove_leftovers()

    def tell(self, step: str, state: State, text: str = "", **more: Any) -> None:  # noqa: ANN401
        """Hand something on; notes are kept for the outcome."""
        if state == "note":
            self._notes.append(text)
        self._tell(Told(self.job.aoi, step, state, text, **more))

    def leave_out(self, path: Path, message: str) -> None:
        """An image cannot be used."""
        text = " ".join(message.split())
        self.failed_images[str(path)] = text
        self.tell("predict", "failed", text, path=str(path))

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """A step is being done."""
        if not self._done:
            begin(self.job.out, self.job.aoi)
        start = time.perf_counter()
        self.tell(step, "started")
        yield
        self._seconds[step] = time.perf_counter() - start
        self._done.append(step)
        self.tell(step, "done", seconds=self._seconds[step])

    def spent(self, what: str, seconds: float) -> None:
        """Time that went into something that is no step."""
        self._seconds[what] = seconds

    def keep(self, step: str) -> None:
        """A step need not be done."""
        self._kept.append(step)
        self.tell(step, "kept")

    def is_kept(self, step: str, inputs: Mapping[str, Any]) -> bool:
        """True, and told, if a step was done with these inputs and its outputs are untouched."""
        if not self.is_done(step, inputs):
            return False
        self.keep(step)
        return True

    def is_done(self, step: str, inputs: Mapping[str, Any]) -> bool:
        """As `is_kept`, not told."""
        return not self.job.settings.overwrite and self.manifest.is_done(step, inputs)

    def make(
        self, step: str, inputs: Mapping[str, Any], path: Path, write: Callable[[Path], None]
    ) -> bool:
        """Do a step that makes one file, unless it is done.

        Args:
            step: Its name.
            inputs: All that the file depends on, but for the version of sn7fast.
            path: The file.
            write: Writes it to the path that it is given.

        Returns:
            True if it was done now.
        """
        inputs = versioned(inputs)
        if self.is_kept(step, inputs):
            return False
        with self.timed(step), self.staged(path) as part:
            write(part)
        self.finish(step, inputs, [path])
        return True

    def drop_outdated(self, step: str, inputs: Mapping[str, Any]) -> None:
        """Remove what an earlier run made of other inputs, and this one was not asked for."""
        if step not in self.manifest.steps or self.manifest.is_done(step, versioned(inputs)):
            return
        for path in self.manifest.forget(step):
            self.tell(step, "note", f"{path.name}: removed, as it was of an earlier result; ask "
                      "for it to have it anew")  # fmt: skip
        self.manifest.save()

    def finish(self, step: str, inputs: Mapping[str, Any], outputs: list[Path]) -> None:
        """A step is done, and known to be from now on."""
        self.manifest.finish(step, inputs, outputs)
        self.manifest.save()

    @contextmanager
    def staged(self, path: Path) -> Iterator[Path]:
        """Where a file is made that takes its place at ``path`` if the block succeeds."""
        with self.scratch() as folder:
            yield folder / path.name
            path.parent.mkdir(parents=True, exist_ok=True)
            (folder / path.name).replace(path)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of its own on the disk of the run for what is needed meanwhile.

        A run that is killed leaves it to the next one, which would not find it elsewhere.
        """
        self.layout.part.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self.layout.part))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                # Others may have something in it.
                self.layout.part.rmdir()

    def close(self) -> None:
        """Keep what is known for the next run."""
        # Cleaning up may have been interrupted itself.
        shutil.rmtree(self.layout.part, ignore_errors=True)
        self.manifest.save()
        self.hashes.save()

    def outcome(self, failed: str | None = None) -> AoiOutcome:
        """What became of the AOI."""
        return AoiOutcome(
            self.job.aoi,
            tuple(self._done),
            tuple(self._kept),
            self.counts,
            failed,
            self.failed_images,
            tuple(self.written),
            tuple(self.kept_images),
            tuple(self._notes),
            seconds=self._seconds,
        )

    def _remove_leftovers(self) -> None:
        shutil.rmtree(self.layout.part, ignore_errors=True)
        for folder in (self.layout.state, self.layout.probabilities):
            for path in folder.glob(_LEFTOVERS):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def versioned(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs of a step whose output another version of sn7fast may make otherwise."""
    return {**inputs, "sn7fast": __version__}
