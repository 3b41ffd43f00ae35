"""Work on many AOIs: one that fails is reported and left out, the others go on."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar, overload

import click

from sn7fast._ahead import ahead
from sn7fast.cli.console import counted
from sn7fast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path

    from sn7fast.cli.console import Console
    from sn7fast.data.discover import Source
    from sn7fast.stack import Stack

_Read = TypeVar("_Read")
_Result = TypeVar("_Result")

# How long a loader may go on when nobody waits for it any more.
_GRACE_S = 10.0


class AoiRun:
    """One pass over AOIs.

    Attributes:
        done: Names of the AOIs that went well.
        failed: Message by AOI of the others.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self.done: list[str] = []
        self.failed: dict[str, str] = {}

    @overload
    def each(
        self, loaders: Mapping[str, Callable[[], _Read]], label: str
    ) -> Generator[tuple[str, _Read]]: ...

    @overload
    def each(
        self,
        loaders: Mapping[str, Callable[[], _Read]],
        label: str,
        work: Callable[[str, _Read], _Result],
    ) -> Generator[tuple[str, _Result]]: ...

    def each(
        self,
        loaders: Mapping[str, Callable[[], Any]],
        label: str,
        work: Callable[[str, Any], Any] | None = None,
    ) -> Generator[tuple[str, Any]]:
        """(AOI, what came of it), for those AOIs that did not fail.

        With ``work``, which makes the result of what the loader gave, the next AOI is loaded by a
        thread while the work on this one goes on. Loaders should then read and decode, and leave to
        the work what the core does, which hears Ctrl-C in the main thread alone. All is said, and
        fails, in the order of the AOIs.

        Raises:
            InputError: None could be used.
        """
        with closing(self._loaded(loaders, is_ahead=work is not None)) as loaded:
            for aoi in self._console.progress(list(loaders), label):
                one = next(loaded)
                try:
                    result = one.get() if work is None else work(aoi, one.get())
                except InputError as error:
                    if len(loaders) == 1:
                        raise
                    self.failed[aoi] = " ".join(str(error).split())
                    click.echo(f"error: AOI {aoi} left out: {self.failed[aoi]}", err=True)
                    continue
                self.done.append(aoi)
                yield aoi, result
        if loaders and not self.done:
            raise InputError(f"none of {len(loaders)} AOIs could be used")

    def _loaded(
        self, loaders: Mapping[str, Callable[[], Any]], *, is_ahead: bool
    ) -> Generator[_Loaded]:
        """In order. A single AOI has nothing that goes on beside it."""
        is_ahead = is_ahead and len(loaders) > 1

        def loaded() -> Generator[_Loaded]:
            for load in loaders.values():
                if is_ahead:
                    with self._console.held_back() as said:
                        one = _Loaded(load, said)
                else:
                    one = _Loaded(load)
                yield one

        return ahead(loaded, 1, join_s=_GRACE_S) if is_ahead else loaded()


class _Loaded:
    """What a loader gave, or why it failed, and what it said."""

    def __init__(self, load: Callable[[], Any], said: Sequence[Callable[[], None]] = ()) -> None:
        self._said = said
        self._error: Exception | None = None
        try:
            self._found = load()
        except Exception as error:
            self._error = error

    def get(self) -> Any:  # noqa: ANN401 - whatever is loaded
        """Say it, and hand it over or raise it."""
        for say in self._said:
            say()
        if self._error is not None:
            raise self._error
        found = self._found
        # How long it stays in memory is for the work to decide.
        del self._found
        return found


def stems(source: Source) -> dict[tuple[str, str], str]:
    """Name without suffix of the file of each AOI and month; none for a CSV."""
    return {(frame.aoi, frame.month): frame.path.stem for frame in source.frames}


def write_tracks(
    out: Path, stacks: Mapping[str, Stack], names: Mapping[tuple[str, str], str], *, own: bool
) -> None:
    """Tracked stacks as one file in the format of its suffix, or as a folder of GeoJSON.

    Args:
        out: A file if its suffix is one of `sn7fast.io.vector.FORMATS`, else a folder.
        stacks: With ids, by AOI.
        names: See `write_geojson_folder`.
        own: See `write_geojson_folder`.

    Raises:
        InputError: The format has no place for the stacks.
    """
    from sn7fast.io.outputs import whole_folder
    from sn7fast.io.vector import FORMATS, write_vector

    if out.suffix.lower() in FORMATS:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_vector(out, stacks)
        return
    with whole_folder(out) as folder:
        for stack in stacks.values():
            write_geojson_folder(folder, stack, names, own=own)


def tracks_text(stacks: Mapping[str, Stack]) -> str:
    """``12 footprints of 3 buildings in 1 AOI``."""
    footprints = sum(map(len, stacks.values()))
    buildings = sum(stack.building_count for stack in stacks.values())
    return (
        f"{counted(footprints, 'footprint')} of {counted(buildings, 'building')} in "
        f"{counted(len(stacks), 'AOI')}"
    )


def aoi_folder(folder: Path, aoi: str, *, own: bool) -> Path:
    """Where the files of an AOI go, a folder that is there; see `write_geojson_folder`.

    Raises:
        InputError: The AOI cannot be the name of a folder.
    """
    from sn7fast.data.manifest import aoi_name

    try:
        home = folder / aoi_name(aoi) if own else folder
    except InputError as error:
        raise InputError(f"{error}; write a CSV instead") from None
    home.mkdir(exist_ok=True)
    return home


def write_geojson_folder(
    folder: Path, stack: Stack, names: Mapping[tuple[str, str], str], *, own: bool
) -> None:
    """One GeoJSON for each month of an AOI, under the name of its input or as in SpaceNet 7.

    Args:
        folder: Where; it is there.
        stack: What; its ids and IoU become Id and iou_score.
        names: See `stems`.
        own: The AOI gets a folder of its own.

    Raises:
        InputError: The AOI cannot be the name of a folder.
    """
    from sn7fast.data.sn7 import sn7_stem
    from sn7fast.io.geojson import write_geojson

    home = aoi_folder(folder, stack.aoi, own=own)
    for month, footprints in stack.frames():
        rows = stack.rows(month)
        stem = names.get((stack.aoi, month)) or sn7_stem(stack.aoi, month)
        columns = {"Id": stack.ids, "iou_score": stack.iou}
        given = {name: values[rows] for name, values in columns.items() if values is not None}
        write_geojson(home / f"{stem}.geojson", footprints, columns=given)
