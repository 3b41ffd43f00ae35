"""``sn7fast collapse``: from the probabilities of all months to buildings and their dates."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sn7fast.collapse import CollapseParams
    from sn7fast.data.catalog import Catalog
    from sn7fast.data.discover import Frame
    from sn7fast.stack import Stack
    from sn7fast.stc import StcParams


@click.command(
    "collapse",
    short_help="All months at once: buildings, tracks and dates.",
    epilog="Example: sn7fast collapse probabilities/ --out tracks.csv --buildings dates.csv",
)
@click.argument("source_path", metavar="IN", type=options.input_path)
@click.option(
    "--out",
    required=True,
    type=options.input_path,
    metavar="OUT",
    help="An SN7 CSV if it ends in .csv, else a folder of GeoJSON with Id.",
)
@click.option(
    "--variant",
    type=click.Choice(["default", "stc1", "stc2"]),
    default="default",
    show_default=True,
    help="Ours, or the winner's with one or two passes.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the variant; may be given again and again.",
)
@click.option(
    "--buildings",
    "dates",
    type=options.input_path,
    metavar="CSV",
    help="Also write a table of buildings with their first and last months (default variant).",
)
@click.option(
    "--scale",
    type=click.IntRange(1, 4),
    default=1,
    show_default=True,
    help="Pixels of IN along one pixel of the image.",
)
@click.option(
    "--images",
    type=options.input_path,
    metavar="FOLDER",
    help="SpaceNet 7 folders whose masked images or UDM masks tell what is hidden.",
)
@options.overwrite
@options.quiet
def command(
    source_path: Path,
    out: Path,
    variant: str,
    settings: tuple[str, ...],
    dates: Path | None,
    scale: int,
    images: Path | None,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Find the buildings in IN and the months in which they stand, from all months at once.

    IN is a folder of monthly probability rasters or masks (one AOI, or a subfolder for each).
    Hidden are NaN, nodata other than 0, and what --images says.
    """
    to_csv = out.suffix.lower() == ".csv"
    options.check_output(out, is_file=to_csv, overwrite=overwrite, inputs=[source_path])
    if dates is not None:
        options.check_output(dates, is_file=True, overwrite=overwrite, inputs=[source_path])
        if variant != "default":
            raise click.UsageError(f"--buildings: the variant {variant} has no dates")

    import numpy as np

    from sn7fast.cli.aois import AoiRun, stems
    from sn7fast.cli.group import OK, SOME_FAILED
    from sn7fast.data.discover import discover

    params = _params(variant, settings)
    console, timer = Console(quiet=quiet), Timer()
    source = discover(source_path, kinds=["masks"])
    catalog = None
    if images is not None:
        from sn7fast.data.catalog import Catalog

        catalog = Catalog.scan(images)

    run = AoiRun(console)
    todo = {
        aoi: partial(_collapsed, frames, scale, catalog, params)
        for aoi, frames in source.by_aoi().items()
    }
    stacks = dict(run.each(todo, "collapse"))
    if to_csv:
        from sn7fast.io.tables import write_csv

        out.parent.mkdir(parents=True, exist_ok=True)
        write_csv(out, stacks)
    else:
        from sn7fast.cli.aois import write_geojson_folder
        from sn7fast.io.outputs import whole_folder

        with whole_folder(out) as folder:
            for stack in stacks.values():
                write_geojson_folder(folder, stack, stems(source), own=len(todo) > 1)
    if dates is not None:
        from sn7fast.buildings import write_buildings

        dates.parent.mkdir(parents=True, exist_ok=True)
        tables = {
            aoi: (stack.months, stack.buildings)
            for aoi, stack in stacks.items()
            if stack.buildings is not None
        }
        write_buildings(dates, tables)
    footprints = sum(map(len, stacks.values()))
    buildings = sum(len(np.unique(np.asarray(stack.ids))) for stack in stacks.values())
    console.result(
        f"{out}: {counted(footprints, 'footprint')} of {counted(buildings, 'building')} in "
        f"{counted(len(stacks), 'AOI')}, {timer.lap():.2f} s"
    )
    return SOME_FAILED if run.failed else OK


def _collapsed(
    frames: Sequence[Frame],
    scale: int,
    catalog: Catalog | None,
    params: CollapseParams | StcParams,
) -> Stack:
    from sn7fast.collapse import collapse
    from sn7fast.data.cubes import load_cube

    aoi = frames[0].aoi
    cube = load_cube(frames, scale=scale, images=None if catalog is None else catalog[aoi])
    return collapse(cube, params, aoi=aoi)


def _params(variant: str, settings: Sequence[str]) -> CollapseParams | StcParams:
    """The defaults of a variant with what was set.

    Raises:
        click.UsageError: No such parameter, or a value of another kind.
    """
    from sn7fast.collapse import CollapseParams
    from sn7fast.errors import InputError
    from sn7fast.stc import StcParams

    params: CollapseParams | StcParams
    params = CollapseParams() if variant == "default" else StcParams(variant=variant)  # type: ignore[arg-type]
    names = {field.name: getattr(params, field.name) for field in fields(params)}
    changes: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or name not in names:
            wanted = ", ".join(sorted(names))
            raise click.UsageError(f"--set: got {setting}, wanted NAME=VALUE with one of {wanted}")
        changes[name] = _value(name, text, names[name])
    try:
        return replace(params, **changes)
    except InputError as error:
        raise click.UsageError(f"--set: {error}") from error


def _value(name: str, text: str, default: Any) -> Any:  # noqa: ANN401 - of many kinds
    """The text as the kind of the default."""
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[text.lower()]
        if isinstance(default, tuple):
            one, other = (float(part) for part in text.split(","))
            return one, other
        return type(default)(text)
    except (KeyError, ValueError):
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}
        kind = wanted.get(type(default), "two numbers with a comma")
        raise click.UsageError(f"--set: {name}: got {text}, wanted {kind}") from None
