"""The step from probabilities to tracked buildings: ``postprocess``.

::

    cube --methods of sn7fast.postprocess--> buildings under the numbers of the tracker
         --published--> under identifiers that stay --evidence--> how sure, whether gone

``state/<AOI>/tracks.npz`` holds the result, ``state/<AOI>/ids.npz`` the identifiers.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError
from sn7fast.large import NamedStack
from sn7fast.pipeline.cubes import source_inputs, tracked
from sn7fast.pipeline.evidence import DEMOLISHED, STATUS, UNOBSERVED, evidence
from sn7fast.pipeline.published import published, read_published, recovered, write_published
from sn7fast.pipeline.stacks import StoredStack, write_stack
from sn7fast.pipeline.steps import versioned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sn7fast.cube import Cube
    from sn7fast.data.discover import Frame
    from sn7fast.large import LargeStack
    from sn7fast.pipeline.published import Published
    from sn7fast.pipeline.steps import Steps
    from sn7fast.stack import Stack


def track_inputs(steps: Steps, frames: Sequence[Frame]) -> dict[str, Any]:
    """All that the tracked buildings depend on, as a manifest keeps it; see `track_aoi`."""
    post = steps.job.settings.post.to_dict()
    return versioned({**source_inputs(steps, frames), "post": post})


def track_aoi(steps: Steps, frames: Sequence[Frame]) -> None:
    """Find the buildings of an AOI and write them under identifiers that stay, unless it is done.

    Args:
        steps: Of the AOI.
        frames: Probabilities that were predicted from its images, if it has images.

    Raises:
        InputError: The source cannot be used; or the AOI is too large for its method.
        MissingDependencyError: A package that a step needs is not installed.
        OSError: A file cannot be written.
    """
    layout = steps.layout
    inputs = track_inputs(steps, frames)
    if steps.is_kept("postprocess", inputs):
        return
    with steps.timed("postprocess"), tracked(steps, frames) as (cube, stack):
        result = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        named, given_out = published(_with_iou(stack), _before(steps), result)
        arrays, about = _with_evidence(cube, named, given_out.current)
        with steps.staged(layout.ids) as part:
            write_published(part, given_out)
        with steps.staged(layout.tracks) as part:
            write_stack(part, named, about=about, arrays=arrays)
    steps.finish("postprocess", inputs, [layout.ids, layout.tracks])


def _with_iou(stack: LargeStack) -> LargeStack:
    """IoU with the earlier shape also of methods that give a building one shape for all months."""
    if stack.iou is not None:
        return stack
    iou = np.ones(len(stack))
    iou[np.unique(stack.ids, return_index=True)[1]] = 0
    return NamedStack(stack, stack.ids, iou, stack.buildings)


def _before(steps: Steps) -> Published | None:
    """The identifiers that were given out; of the tracks, if their own file is gone or damaged."""
    for path, read in (
        (steps.layout.ids, read_published),
        (steps.layout.tracks, lambda path: recovered(StoredStack(path))),
    ):
        try:
            return read(path)
        except FileNotFoundError:
            continue
        except InputError as error:
            steps.tell("postprocess", "note", str(error))
    return None


def _with_evidence(
    cube: Cube, stack: LargeStack, last: Stack
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays and facts that are kept with the tracks."""
    found = evidence(cube, stack, last)
    status = np.bincount(found.status, minlength=len(STATUS))
    rows, columns = cube.prob.shape[1:]
    arrays = {
        "confidence": found.confidence,
        "observed": found.observed,
        "buildings": found.ids,
        "status": found.status,
    }
    counts = {
        "months": len(stack.months),
        "buildings": len(last),
        "footprints": len(stack),
        DEMOLISHED: int(status[STATUS.index(DEMOLISHED)]),
        UNOBSERVED: int(status[STATUS.index(UNOBSERVED)]),
    }
    about = {
        "shape_yx": [rows // cube.scale, columns // cube.scale],
        "is_placed": stack.grid is not None and stack.grid.crs is not None,
        "counts": counts,
    }
    return arrays, about
