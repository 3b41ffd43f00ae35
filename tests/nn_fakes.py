"""Networks that are functions of numpy, for tests of what happens around them."""

import numpy as np

from sn7fast.nn.model import Model
from sn7fast.nn.pixels import prepared
from sn7fast.nn.spec import ModelSpec


class FakeBackend:
    """``function`` maps float32 (N, bands, H, W), prepared, to (N, outputs, H * k, W * k)."""

    name = "fake"

    def __init__(self, spec, function):
        self.spec, self.function, self.calls = spec, function, []

    def __call__(self, images):
        self.calls.append(images.shape)
        return self.function(prepared(self.spec, images)).astype(np.float32)


def fake_model(function=None, fingerprint="fake", **changes):
    """By default pointwise: two outputs, a mean of the bands and its negative."""
    spec = ModelSpec("onnx", **{"outputs": ("roof", "edge"), "mean": (100,) * 3, "std": (50,) * 3}
                     | changes)  # fmt: skip
    return Model(spec, FakeBackend(spec, function or pointwise), fingerprint)


def pointwise(batch):
    mean = batch.mean(axis=1)
    return np.stack([mean, -mean], axis=1)


def write_rgba(path, image, valid=None, grid=None):
    """uint8 (3, rows, columns) with an alpha band."""
    from sn7fast.io.rasters import write_bands

    alpha = np.full(image.shape[1:], 255, np.uint8)
    if valid is not None:
        alpha[~valid] = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bands(path, np.concatenate([image, alpha[None]]), grid)
