"""Jobs for processes that may have another current folder."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sn7fast.nn.model import DEFAULT

if TYPE_CHECKING:
    from sn7fast.data.catalog import MonthFiles
    from sn7fast.data.discover import Frame
    from sn7fast.data.images import ImageEntry
    from sn7fast.pipeline.networks import Network
    from sn7fast.pipeline.plan import AoiJob

    _Files = TypeVar("_Files", MonthFiles, ImageEntry, MonthFiles | ImageEntry, Frame)


def with_absolute_paths(job: AoiJob) -> AoiJob:
    """The same job, all of whose paths are absolute."""
    settings = job.settings
    return replace(
        job,
        frames=tuple(map(_absolute, job.frames)),
        cube=None if job.cube is None else job.cube.absolute(),
        labels=tuple(map(_absolute, job.labels)),
        out=job.out.absolute(),
        settings=replace(settings, networks=tuple(map(_network, settings.networks))),
    )


def _network(network: Network) -> Network:
    if network.weights is None or network.weights == DEFAULT:
        return network
    return replace(network, weights=str(Path(network.weights).absolute()))


def _absolute(files: _Files) -> _Files:
    paths: dict[str, Any] = {
        one.name: path.absolute()
        for one in fields(files)
        if isinstance(path := getattr(files, one.name), Path)
    }
    return replace(files, **paths)
