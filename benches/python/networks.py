"""What the benches of networks share: an image, networks with random weights, the plain way."""

from functools import cache

import numpy as np
import torch

import inputs
from contender import Contender
from sn7fast.nn.build import build
from sn7fast.nn.pixels import prepared
from sn7fast.nn.spec import ModelSpec

SPECS = {"xdxd": ModelSpec.xdxd(), "small": ModelSpec.small()}


@cache
def network(name):
    """With PyTorch's own initial weights: time does not depend on them."""
    torch.manual_seed(0)
    return build(SPECS[name]).eval()


@cache
def image(side):
    """uint8 (1, 3, side, side): roofs where the labels of a frame are, with noise."""
    roofs = inputs.frame()[:side, :side] > 0
    noise = np.random.default_rng(0).normal(0, 20, (3, *roofs.shape))
    pixels = np.array([120, 105, 77])[:, None, None] + 60 * roofs + noise
    return pixels.clip(1, 255).astype(np.uint8)[None]


def eager(name, side):
    """The way of the baseline: float32, as built, one thread."""
    spec, plain = SPECS[name], network(name)

    def call():
        torch.set_num_threads(1)
        with torch.no_grad():
            return plain(torch.from_numpy(prepared(spec, image(side)))).numpy()

    return Contender("torch eager float32, 1 thread", call)


def difference(got, wanted):
    """The greatest, as a part of the spread of what is wanted."""
    assert got.shape == wanted.shape
    return np.abs(got - wanted).max() / wanted.std()
