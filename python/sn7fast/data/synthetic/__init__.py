"""Synthetic AOIs of which everything is known, seeded.

`synthetic_stack` makes footprints, clouds and the masks of an imperfect network; `synthetic_scene`
paints the images, too.
"""

from sn7fast.data.synthetic.scenes import SyntheticScene, synthetic_scene
from sn7fast.data.synthetic.stacks import SyntheticAoi, synthetic_stack

__all__ = ["SyntheticAoi", "SyntheticScene", "synthetic_scene", "synthetic_stack"]
