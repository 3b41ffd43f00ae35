"""Options that say which network looks at the images, on what, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from sn7fast.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sn7fast.nn.model import Model
    from sn7fast.pipeline.networks import Network

_Command = TypeVar("_Command", bound="Callable[..., Any]")

# Reversed when applied, so that help lists them in this order.
_NETWORK = (
    click.option(
        "--weights",
        multiple=True,
        default=["default"],
        show_default=True,
        help="File of weights or ONNX file; several: their probabilities are averaged.",
    ),
    options.model_spec,
    click.option(
        "--backend",
        type=click.Choice(["auto", "torch", "onnxruntime"]),
        default="auto",
        show_default=True,
        help="What runs the network.",
    ),
    click.option(
        "--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ..."
    ),
    click.option(
        "--precision",
        type=click.Choice(["auto", "float32", "bfloat16"]),
        default="auto",
        show_default=True,
        help="Of torch; auto is bfloat16 where the hardware has it.",
    ),
    click.option("--threads", type=click.IntRange(1), help="Of the CPU, for the network."),
    click.option("--compile", "compiled", is_flag=True, help="Let torch compile the network."),
)
_TILES = (
    click.option("--tile", type=click.IntRange(8), help="Side of a tile in pixels of the image."),
    click.option(
        "--overlap",
        type=click.IntRange(0),
        help="Of tiles; an eighth of a tile if not set.",
    ),
    click.option(
        "--flips", is_flag=True, help="Average over the image and its three mirror images."
    ),
    click.option("--batch", type=click.IntRange(1), help="Tiles that the network sees at a time."),
    click.option(
        "--memory",
        "memory_mb",
        type=click.IntRange(16),
        metavar="MB",
        help="For pixels that are read, stitched, post-processed.",
    ),
)


def network_options(command: _Command) -> _Command:
    """--weights, --spec, --backend, --device, --precision, --threads, --compile."""
    return _with(command, _NETWORK)


def tile_options(command: _Command) -> _Command:
    """--tile, --overlap, --flips, --batch, --memory."""
    return _with(command, _TILES)


def _with(command: _Command, several: tuple[Callable[[_Command], _Command], ...]) -> _Command:
    for option in reversed(several):
        command = option(command)
    return command


def load_networks(given: Mapping[str, Any]) -> list[Model]:
    """The networks that `network_options` name."""
    from sn7fast.predict import load_model

    names = ("backend", "device", "precision", "threads", "compiled")
    how = {name: given[name] for name in names}
    spec = options.read_model_spec(given["spec"])
    return [load_model(one, spec=spec, **how) for one in given["weights"]]


def named_networks(given: Mapping[str, Any]) -> list[Network]:
    """The networks that `network_options` name, not loaded: other processes may do that."""
    from sn7fast.pipeline.networks import Network

    names = ("backend", "device", "precision", "threads", "compiled")
    spec = options.read_model_spec(given["spec"])
    how = {name: given[name] for name in names} | {"spec": None if spec is None else spec.to_json()}
    return [Network(weights=one, **how) for one in given["weights"]]


def tile_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of `PredictSettings` that `tile_options` set."""
    chosen = {
        name: given[name]
        for name in ("tile", "overlap", "batch", "memory_mb")
        if given.get(name) is not None
    }
    return chosen | ({"flips": "all"} if given.get("flips") else {})
