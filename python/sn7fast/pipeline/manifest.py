"""What an AOI was made of: for each step its inputs and the hashes of its outputs.

``state/<AOI>/manifest.json`` holds, by step, ``inputs`` (hashes of files, settings, version) and
``outputs`` (hash by path). A step whose inputs are the same and whose outputs are still what they
were need not be done again. It knows no time, machine or absolute path: equal runs, equal bytes.

A step that is expensive and makes one file, the prediction of a month, is announced before it is
done, with the hash of the file that it will replace (``before``). If the run is killed, a file that
is whole and another than before was made of the inputs that were announced, and is kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn7fast import __version__
from sn7fast.io.outputs import write_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sn7fast.pipeline.hashes import Hashes

_VERSION = 1


class Manifest:
    """The manifest of an AOI; one that is absent or damaged is empty, and all is made anew.

    Args:
        path: Its file.
        out: Folder of the run, to which the paths of outputs are relative.
        hashes: Of files.
        aoi: Name of the area.
    """

    def __init__(self, path: Path, out: Path, hashes: Hashes, aoi: str) -> None:
        self._path, self._out, self._hashes, self._aoi = path, out, hashes, aoi
        self._steps: dict[str, dict[str, Any]] = {}
        self._written: str | None = None
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["version"] == _VERSION and found["aoi"] == aoi:
                self._steps = {str(name): dict(step) for name, step in found["steps"].items()}
                for step in self._steps.values():
                    # Files are deleted by these names.
                    if any(".." in Path(name).parts or Path(name).is_absolute()
                           for name in step.get("outputs", {})):  # fmt: skip
                        raise ValueError(step)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._steps = {}

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of the steps that it knows."""
        return tuple(self._steps)

    def is_done(self, step: str, inputs: Mapping[str, Any]) -> bool:
        """True if a step was done with these inputs and its outputs are what they were."""
        found = self._steps.get(step, {})
        outputs = found.get("outputs")
        if not isinstance(outputs, dict) or found.get("inputs") != _plain(inputs):
            return False
        try:
            return all(self._hashes.of(self._out / name) == text for name, text in outputs.items())
        except OSError:
            return False

    def outputs(self, step: str) -> dict[Path, str]:
        """Files of a step that is done, and their hashes."""
        found = self._steps.get(step, {}).get("outputs") or {}
        return {self._out / name: text for name, text in found.items()}

    def announce(self, step: str, inputs: Mapping[str, Any], output: Path) -> None:
        """A step is about to be done; see the top of this module."""
        if self.is_announced(step, inputs):
            return
        before = self._hashes.of(output) if output.is_file() else None
        self._steps[step] = {"inputs": _plain(inputs), "before": before}

    def is_announced(self, step: str, inputs: Mapping[str, Any]) -> bool:
        """True if a step was about to be done with these inputs."""
        found = self._steps.get(step, {})
        return "before" in found and found.get("inputs") == _plain(inputs)

    def is_newer(self, step: str, output: Path) -> bool:
        """True if the output is there and another than when the step was announced."""
        if not output.is_file():
            return False
        return bool(self._hashes.of(output) != self._steps[step]["before"])

    def finish(self, step: str, inputs: Mapping[str, Any], outputs: Iterable[Path]) -> None:
        """A step is done.

        Raises:
            OSError: An output cannot be read, or the manifest cannot be written.
        """
        hashes = {path.relative_to(self._out).as_posix(): self._hashes.of(path) for path in outputs}
        self._steps[step] = {"inputs": _plain(inputs), "outputs": hashes}

    def forget(self, step: str, keep: Collection[Path] = ()) -> Sequence[Path]:
        """Drop a step and delete its outputs, but for some and those that somebody changed.

        Returns:
            Those that are gone now.

        Raises:
            OSError: One cannot be deleted.
        """
        gone = [
            path
            for path, text in self.outputs(step).items()
            if path not in keep and path.is_file() and self._hashes.of(path) == text
        ]
        for path in gone:
            path.unlink()
        self._steps.pop(step, None)
        return gone

    def save(self) -> None:
        """Write it, if anything is new.

        Raises:
            OSError: It cannot be written.
        """
        if not self._steps and not self._path.exists():
            return
        steps = dict(sorted(self._steps.items()))
        content = {
            "version": _VERSION, "sn7fast": __version__, "aoi": self._aoi, "steps": steps
        }  # fmt: skip
        text = json.dumps(content)
        if text != self._written:
            write_json(self._path, content)
            self._written = text


def _plain(inputs: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as JSON gives it back
    return json.loads(json.dumps(inputs, sort_keys=True, allow_nan=False))
