"""From images, or from anyone's masks, to tracked buildings: the whole way, for every AOI.

::

    images --predict--> probabilities/<AOI>/ --postprocess--> buildings/<AOI>.<format>, tracks.csv
                                     labels of the source --> truth.csv, scores.json

`plan` makes a job of each AOI, `run_aoi` does all the steps of one, `run_pipeline` does it all. The
only package that knows the order of the steps; each of them is one that can be called alone.
"""

from __future__ import annotations

from sn7fast.pipeline.aoi import run_aoi
from sn7fast.pipeline.outcome import AoiOutcome, Told
from sn7fast.pipeline.plan import AoiJob, PipelineSettings, plan
from sn7fast.pipeline.run import PipelineResult, run_jobs, run_pipeline, truth_of
from sn7fast.pipeline.shards import Shard

__all__ = [
    "AoiJob",
    "AoiOutcome",
    "PipelineResult",
    "PipelineSettings",
    "Shard",
    "Told",
    "plan",
    "run_aoi",
    "run_jobs",
    "run_pipeline",
    "truth_of",
]
