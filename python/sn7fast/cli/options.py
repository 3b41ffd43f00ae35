"""Options and output rules that commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sn7fast.nn.spec import ModelSpec
    from sn7fast.postprocess import PostProcessing

_Command = TypeVar("_Command", bound="Callable[..., Any]")

input_path = click.Path(path_type=Path)
"""Not checked by click: what is wrong with a path is told as bad input, by who reads it."""

quiet = click.option("--quiet", "-q", is_flag=True, help="No notes and no progress.")
overwrite = click.option(
    "--overwrite", is_flag=True, help="Replace OUT, all of it, if it is there already."
)
min_iou = click.option(
    "--min-iou",
    type=click.FloatRange(0, 1),
    default=0.25,
    show_default=True,
    help="Least IoU at which a footprint takes over an identifier.",
)

memory = click.option(
    "--memory",
    "memory_mb",
    type=click.FloatRange(min=1),
    default=1000,
    show_default=True,
    metavar="MB",
    help="What may be held of pixels at once; larger rasters are worked through in bands, with "
    "the same result.",
)


def mask_options(command: _Command) -> _Command:
    """--threshold, --min-area and --connectivity."""
    for option in (
        click.option(
            "--connectivity",
            type=click.Choice(["4", "8"]),
            default="4",
            show_default=True,
            help="Neighbours of a pixel: over edges, or over corners too.",
        ),
        click.option(
            "--min-area",
            "min_area_px",
            type=click.FloatRange(min=0),
            default=0,
            show_default=True,
            help="Drop footprints polygonized from masks that have fewer pixels.",
        ),
        click.option(
            "--threshold",
            type=float,
            default=0,
            show_default=True,
            help="Pixels of masks above this value are building.",
        ),
    ):
        command = option(command)
    return command


model_spec = click.option(
    "--spec",
    metavar="xdxd|FILE",
    help="What the network is, for weights that do not say: xdxd (those of the SpaceNet 7 "
    "baseline), or a JSON file.",
)


def read_model_spec(text: str | None) -> ModelSpec | None:
    """The spec that --spec names.

    Raises:
        InputError: The file cannot be read or holds no spec; names it.
    """
    from sn7fast.errors import InputError
    from sn7fast.nn.spec import ModelSpec

    if text is None or text == "xdxd":
        return None if text is None else ModelSpec.xdxd()
    try:
        return ModelSpec.from_json(Path(text).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{text}: cannot be opened: {error.strerror or error}") from error
    except (InputError, UnicodeDecodeError) as error:
        raise InputError(f"{text}: {error}") from error


def read_method(method: str, preset: str | None, changes: Sequence[str]) -> PostProcessing:
    """A method of post-processing with the parameters of a preset and of --set.

    Raises:
        click.UsageError: No such parameter, or a value that it cannot have.
    """
    from sn7fast.errors import InputError
    from sn7fast.postprocess import PostProcessing

    data = {"method": method} | ({} if preset is None else {"params": {"preset": preset}})
    for change in changes:
        if "=" not in change:
            raise click.UsageError(f"--set: got {change!r}, wanted NAME=VALUE")
    try:
        return PostProcessing.from_dict(data, [f"params.{one}" for one in changes], source="--set")
    except InputError as error:
        raise click.UsageError(re.sub(r"^--set: params[.:] ?", "--set: ", str(error))) from None


def is_file_name(out: Path, suffixes: Collection[str], folder: str) -> bool:
    """Whether OUT is one file by its suffix, else a folder.

    Args:
        out: As the user gave it.
        suffixes: Of files that can be written.
        folder: What a folder gets.

    Raises:
        click.UsageError: It looks like a file of another format, such as ``tracks.shp``.
    """
    suffix = out.suffix.lower()
    if suffix in suffixes:
        return True
    if re.fullmatch(r"\.[a-z]{2,5}", suffix) and not out.is_dir():
        raise click.UsageError(
            f"--out: {out}: got the suffix {suffix}, wanted {' '.join(suffixes)}, or none for a "
            f"folder of {folder}"
        )
    return False


def check_different(outputs: Mapping[str, Path]) -> None:
    """Refuse two outputs in one file.

    Raises:
        click.UsageError: Two options name the same file.
    """
    names: dict[Path, str] = {}
    for option, path in outputs.items():
        other = names.setdefault(path.resolve(), option)
        if other != option:
            raise click.UsageError(f"{option}: {path} is the file of {other} too, wanted another")


def check_output(out: Path, *, is_file: bool, overwrite: bool, inputs: Sequence[Path] = ()) -> None:
    """Refuse an output that would take the place of something the user may still want.

    Raises:
        click.UsageError: OUT is there and ``overwrite`` is not set, is of the other kind (file or
            folder), or holds an input or the current folder.
    """
    place = out.resolve()
    if is_file and place.is_dir():
        raise click.UsageError(f"--out: {out} is a folder, wanted the name of a file")
    if not is_file and place.exists() and not place.is_dir():
        raise click.UsageError(f"--out: {out} is a file, wanted a folder")
    for kept in (*inputs, Path()):
        if kept.resolve().is_relative_to(place):
            what = "the current folder" if kept == Path() else f"the input {kept}"
            raise click.UsageError(f"--out: {out} would take the place of {what}")
    if overwrite or not place.exists() or (not is_file and not any(place.iterdir())):
        return
    raise click.UsageError(f"--out: {out} is there already; choose another, or add --overwrite")
