"""What an AOI tells while it is done, and what became of it. Both can be pickled."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

State: TypeAlias = Literal["started", "done", "kept", "total", "pixels", "failed", "retry", "note"]


@dataclass(frozen=True, slots=True)
class Told:
    """What `sn7fast.pipeline.run_aoi` tells on its way, and whoever runs it.

    Attributes:
        aoi: Name of the area.
        step: ``predict``, ``postprocess``, ``footprints.geojson`` and the like, ``table``,
            ``change``, ``item``, ``truth``, ``scores``, ``report``; ``aoi`` for the whole;
            ``gather`` for what comes after all AOIs.
        state: ``started``, ``done`` or ``kept``; ``total`` for the pixels that are to be predicted,
            then ``pixels`` for some that were; ``failed`` for an image that is left out (step
            ``predict``) or the AOI itself (step ``aoi``); ``retry`` for an AOI that is tried again,
            since its worker died; ``note`` for what a user should know.
        text: The message of a failure or a note, else empty.
        pixels: For the states ``total`` and ``pixels``.
        seconds: That the step took, for the state ``done``.
        path: Of the image that is left out.
        counts: Of what was made, for an AOI that is done.
        time: Seconds since 1970.
    """

    aoi: str
    step: str
    state: State
    text: str = ""
    pixels: int = 0
    seconds: float = 0.0
    path: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    time: float = field(default_factory=time.time, compare=False)


@dataclass(frozen=True, slots=True)
class AoiOutcome:
    """What became of an AOI; holds no pixels and no footprints.

    Attributes:
        aoi: Name of the area.
        done: Steps that were done, in order.
        kept: Steps whose outputs were there already.
        counts: ``months``, ``images`` (predicted in this run), ``buildings``, ``footprints``,
            ``demolished``, ``unobserved``.
        failed: Message if the AOI could not be used, else None.
        failed_images: Message by path, of images that are left out.
        written: Files of probabilities made by this run.
        kept_images: Those that were there.
        notes: What a user should know, such as that there is no georeference.
        is_held: True if it failed since another process was at it: what becomes of it is for that
            one to say.
        seconds: By step, and ``read`` for a source that was read while the AOI before was at work;
            no part of a comparison.
    """

    aoi: str
    done: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    failed: str | None = None
    failed_images: dict[str, str] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    kept_images: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_held: bool = False
    seconds: dict[str, float] = field(default_factory=dict, compare=False)
