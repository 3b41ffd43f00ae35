"""``sn7fast polygonize``: masks to footprints."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sn7fast.data.discover import Source
    from sn7fast.stack import Stack


@click.command(
    "polygonize",
    short_help="Masks to footprints: one GeoJSON a month.",
    epilog="Example: sn7fast polygonize masks/ --out footprints/ --min-area 4",
)
@click.argument("source_path", metavar="IN", type=options.input_path)
@click.option(
    "--out",
    required=True,
    type=options.input_path,
    metavar="OUT",
    help="Folder; for a single raster also a .geojson or .parquet file.",
)
@options.mask_options
@click.option(
    "--simplify",
    "tolerance_px",
    type=click.FloatRange(min=0),
    default=0,
    show_default=True,
    help="Leave out corners that lie within so many pixels of the outline without them.",
)
@options.memory
@options.overwrite
@options.quiet
def command(
    source_path: Path,
    out: Path,
    threshold: float,
    min_area_px: float,
    connectivity: str,
    tolerance_px: float,
    memory_mb: float,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Turn the monthly masks in IN into footprints in pixel coordinates.

    IN is a folder of rasters (.tif, .png) whose names hold the month, for one AOI, or with one
    subfolder for each AOI. OUT gets one GeoJSON for each raster, with subfolders if there are
    several AOIs. IN can also be one raster, of any name if OUT is a file; GeoParquet is on the map
    if the raster has a CRS. Rasters of any size will do.
    """
    if out.suffix.lower() == ".csv":
        raise click.UsageError(
            f"--out: {out}: a CSV needs identifiers, which polygonize does not give; "
            f"use: sn7fast track {source_path} --out {out}"
        )
    is_file = options.is_file_name(out, [".geojson", ".json", ".parquet", ".geoparquet"], "GeoJSON")
    options.check_output(out, is_file=is_file, overwrite=overwrite, inputs=[source_path])

    from sn7fast.cli.aois import AoiRun, aoi_folder, stems, write_geojson_folder
    from sn7fast.cli.status import OK, SOME_FAILED
    from sn7fast.data.discover import discover
    from sn7fast.data.load import stack_readers
    from sn7fast.io.outputs import whole_folder
    from sn7fast.simplify import simplify
    from sn7fast.windows.rasters import polygonize_raster

    def simplified(stack: Stack) -> Stack:
        if not tolerance_px:
            return stack
        from dataclasses import replace

        return replace(stack, footprints=simplify(stack.footprints, tolerance_px))

    console, timer = Console(quiet=quiet), Timer()
    in_bands = partial(
        polygonize_raster,
        threshold=threshold,
        min_area_px=min_area_px,
        connectivity=int(connectivity),
        simplify_px=tolerance_px,
        memory_mb=memory_mb,
    )
    if is_file:
        if source_path.is_dir():
            raise click.UsageError(
                f"--out: {out}: got one file for the folder {source_path}, wanted a folder"
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        count = in_bands(source_path, out)
        console.result(f"{out}: {counted(count, 'footprint')}, {timer.lap():.2f} s")
        return OK
    source = discover(source_path, kinds=["masks"])
    readers = stack_readers(
        source,
        threshold=threshold,
        min_area_px=min_area_px,
        connectivity=int(connectivity),
    )
    names, run = stems(source), AoiRun(console)
    frames = footprints = 0
    with whole_folder(out) as folder:
        reader = _Reader(source, readers, memory_mb)

        def write(aoi: str, polygonized: Callable[[], Stack] | None) -> tuple[int, int]:
            own = len(readers) > 1
            if polygonized is None and reader.fits(aoi):
                polygonized = readers[aoi]()
            if polygonized is not None:
                stack = simplified(polygonized())
                write_geojson_folder(folder, stack, names, own=own)
                return len(stack.months), len(stack)
            home, of_aoi = aoi_folder(folder, aoi, own=own), source.by_aoi()[aoi]
            counts = [in_bands(f.path, home / f"{f.path.stem}.geojson") for f in of_aoi]
            return len(counts), sum(counts)

        todo = {aoi: partial(reader, aoi) for aoi in readers}
        for _, (months, found) in run.each(todo, "polygonize", write):
            frames += months
            footprints += found
    console.result(
        f"{out}: {counted(footprints, 'footprint')} in {counted(frames, 'month')} of "
        f"{counted(len(run.done), 'AOI')}, {timer.lap():.2f} s"
    )
    return SOME_FAILED if run.failed else OK


class _Reader:
    """Reads masks as far as memory allows that beside the AOI before."""

    def __init__(
        self,
        source: Source,
        readers: Mapping[str, Callable[[], Callable[[], Stack]]],
        most_mb: float,
    ) -> None:
        self._frames, self._readers, self._most_mb = source.by_aoi(), readers, most_mb
        self._beside_mb = 0.0

    def __call__(self, aoi: str) -> Callable[[], Stack] | None:
        """What makes a stack of the masks; None if they were not read."""
        masks_mb, needed_mb = self._mb(aoi)
        has_room = self._beside_mb + masks_mb <= self._most_mb
        # What is larger is done in bands, of which it takes as many as fit.
        self._beside_mb = min(needed_mb, self._most_mb)
        return self._readers[aoi]() if has_room and needed_mb <= self._most_mb else None

    def fits(self, aoi: str) -> bool:
        """Whether all of an AOI can be in memory, with nothing beside it."""
        return self._mb(aoi)[1] <= self._most_mb

    def _mb(self, aoi: str) -> tuple[float, float]:
        from sn7fast.windows.rasters import polygonize_mb

        frames = self._frames[aoi]
        return polygonize_mb(frames[0].path, months=len(frames))
