"""What the last run made of an AOI: whether it is finished, and with which settings.

``state/<AOI>/result.json`` is written when the AOI is over, by the run that gave it out: a worker
that was killed cannot say so itself. It is how a later run knows which AOIs failed, and how a run
of a shard knows what others have finished.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sn7fast import __version__
from sn7fast.io.outputs import write_json
from sn7fast.pipeline.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sn7fast.pipeline.plan import PipelineSettings

_NAME = "result.json"


def described(settings: PipelineSettings) -> dict[str, Any]:
    """What the tracks of a run depend on beside its data, for run.json."""
    return {
        "sn7fast": __version__,
        "networks": [
            {"sha256": network.fingerprint, "run by": network.name} for network in settings.networks
        ],
        "predict": asdict(settings.predict),
        "scale": settings.scale,
        "postprocess": settings.post.to_dict(),
    }


def settings_key(settings: PipelineSettings) -> str:
    """A name for settings: equal ones have the same."""
    text = json.dumps(described(settings), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def write_result(out: Path, aoi: str, key: str, failed: str | None) -> None:
    """An AOI is over; its folder is there.

    Args:
        out: Folder of the run.
        aoi: Name of the area.
        key: Of the settings.
        failed: Message, if it could not be used.

    Raises:
        OSError: The file cannot be written.
    """
    if _read(out, aoi) == (key, failed):
        return
    write_json(Layout(out, aoi).state / _NAME, {"settings": key, "failed": failed})


def begin(out: Path, aoi: str) -> None:
    """An AOI that was finished is being done again: nobody may gather it until it is over.

    That it failed stays known, for those who retry.

    Raises:
        OSError: The file cannot be removed.
    """
    if _read(out, aoi)[1] is None:
        (Layout(out, aoi).state / _NAME).unlink(missing_ok=True)


def finished(out: Path, aois: Iterable[str], key: str) -> list[str]:
    """Those AOIs that are finished with the settings of this key."""
    return [aoi for aoi in aois if _read(out, aoi) == (key, None)]


def failed(out: Path, aois: Iterable[str]) -> dict[str, str]:
    """Message by AOI, of those that failed when they were last tried."""
    found = {aoi: _read(out, aoi)[1] for aoi in aois}
    return {aoi: text for aoi, text in found.items() if text is not None}


def _read(out: Path, aoi: str) -> tuple[str, str | None]:
    try:
        found = json.loads((Layout(out, aoi).state / _NAME).read_text(encoding="utf-8"))
        return str(found["settings"]), None if found["failed"] is None else str(found["failed"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", None
