"""The networks themselves: sizes, names, and answers against a recomputation."""

import pytest

from sn7fast.errors import InputError, MissingDependencyError
from sn7fast.nn.spec import ModelSpec

torch = pytest.importorskip("torch")
functional = torch.nn.functional

from sn7fast.nn.build import build  # noqa: E402 - after torch is known to be there
from sn7fast.nn.small import count_parameters, folded  # noqa: E402


def test_xdxd_has_the_published_size():
    with torch.device("meta"):
        network = build(ModelSpec.xdxd())
    assert count_parameters(network) == 29_306_465
    state = network.state_dict()
    assert len(state) == 76
    shapes = {
        "encoder.0": (64, 3, 3, 3), "encoder.5": (128, 64, 3, 3), "encoder.28": (512, 512, 3, 3),
        "conv3.4": (256, 256, 3, 3), "center.block.1.conv": (512, 512, 3, 3),
        "center.block.2.conv": (256, 512, 3, 3), "dec5.block.1.conv": (512, 768, 3, 3),
        "dec4.block.2.conv": (256, 512, 3, 3), "dec3.block.1.conv": (256, 512, 3, 3),
        "dec3.block.2.conv": (64, 256, 3, 3), "dec2.block.1.conv": (128, 192, 3, 3),
        "dec2.block.2.conv": (32, 128, 3, 3), "dec1.conv": (32, 96, 3, 3), "final": (1, 32, 1, 1),
    }  # fmt: skip
    for name, shape in shapes.items():
        assert state[f"{name}.weight"].shape == shape
        assert state[f"{name}.bias"].shape == shape[:1]
    encoder = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    assert {name for name in state if name.startswith("encoder")} == {
        f"encoder.{index}.{kind}" for index in encoder for kind in ("weight", "bias")
    }


def test_xdxd_costs_684_6_gflop_at_512():
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        network, image = build(ModelSpec.xdxd()), torch.empty(1, 3, 512, 512)
    with FlopCounterMode(display=False) as counter:
        assert network(image).shape == (1, 1, 512, 512)
    assert counter.get_total_flops() / 1e9 == pytest.approx(684.63, abs=0.01)


def recomputed(state, image):
    """xdxd from its table: block, convolutions, in the order of the flow."""

    def conv(x, name):
        weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
        return functional.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)

    def double(x):
        size = [2 * side for side in x.shape[2:]]
        return functional.interpolate(x, size, mode="bilinear", align_corners=False)

    x, skips = image, []
    for indices in ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)):
        for index in indices:
            x = conv(x, f"encoder.{index}").clamp(min=0)
        skips.append(x)
        x = x.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2))
    for name in ("center", "dec5", "dec4", "dec3", "dec2"):
        x = double(x)
        x = conv(x, f"{name}.block.1.conv").clamp(min=0)
        x = conv(x, f"{name}.block.2.conv").clamp(min=0)
        x = torch.cat([x, skips.pop()], 1)
    return conv(conv(x, "dec1.conv").clamp(min=0), "final")


def test_xdxd_equals_a_recomputation():
    torch.manual_seed(1)
    network = build(ModelSpec.xdxd()).eval()
    image = torch.rand(2, 3, 64, 32) * 255
    with torch.no_grad():
        got, wanted = network(image), recomputed(network.state_dict(), image)
    assert got.shape == (2, 1, 64, 32)
    assert wanted.std() > 1e-4
    assert (got - wanted).abs().max() < 1e-4


@pytest.mark.parametrize(("scale", "depth"), [(1, 4), (2, 3), (3, 2), (1, 1)])
def test_small_has_the_shape_and_stays_small(scale, depth):
    network = build(ModelSpec.small(scale=scale, depth=depth)).eval()
    side = network.multiple * 2
    with torch.no_grad():
        assert network(torch.zeros(2, 3, side, 2 * side)).shape == (
            2, 3, side * scale, 2 * side * scale)  # fmt: skip
    assert count_parameters(network) < 450_000


def test_folding_keeps_the_answer_and_leaves_no_norm():
    torch.manual_seed(2)
    network = build(ModelSpec.small(width=4, depth=3))
    network.train()(torch.randn(4, 3, 16, 16) * 3 + 1)  # statistics that are not 0 and 1
    network.eval()
    image = torch.randn(1, 3, 16, 16)
    light = folded(network)
    with torch.no_grad():
        assert (light(image) - network(image)).abs().max() < 1e-5
    norms = [m for m in light.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert not norms
    assert any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())


class Doubler(torch.nn.Module):
    def __init__(self, bands, outputs, gain=1.0):
        super().__init__()
        self.conv = torch.nn.Conv2d(bands, outputs, 1)
        self.gain = gain

    def forward(self, x):
        return self.conv(x) * self.gain


def test_a_callable_of_the_user(monkeypatch):
    import sys
    from types import ModuleType

    module = ModuleType("users_networks")
    module.make, module.number = Doubler, 7
    monkeypatch.setitem(sys.modules, "users_networks", module)
    spec = ModelSpec("users_networks:make", {"gain": 3.0}, outputs=("a", "b"))
    network = build(spec)
    assert network.gain == 3.0
    assert network(torch.zeros(1, 3, 5, 5)).shape == (1, 2, 5, 5)
    with pytest.raises(InputError, match="cannot be called"):
        build(ModelSpec("users_networks:number"))
    with pytest.raises(InputError, match="users_networks:absent"):
        build(ModelSpec("users_networks:absent"))
    with pytest.raises(InputError, match=r"arguments: users_networks:make cannot take them.*odd"):
        build(ModelSpec("users_networks:make", {"odd": 1}))


def test_a_network_of_smp(monkeypatch):
    import sys
    from types import ModuleType

    class Unet(torch.nn.Conv2d):
        def __init__(self, encoder_name, encoder_weights, in_channels, classes):
            super().__init__(in_channels, classes, 1)
            self.told = (encoder_name, encoder_weights)

    module = ModuleType("segmentation_models_pytorch")
    module.Unet, module.os = Unet, sys
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", module)
    network = build(ModelSpec("smp:Unet", {"encoder_name": "resnet18"}, bands=("a", "b")))
    assert network.told == ("resnet18", None)
    assert network.weight.shape == (1, 2, 1, 1)
    with pytest.raises(InputError, match="no network os"):
        build(ModelSpec("smp:os"))
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", None)
    with pytest.raises(MissingDependencyError, match=r"sn7fast\[smp\]"):
        build(ModelSpec("smp:Unet"))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (ModelSpec("xdxd", multiple=16), "multiple: got 16, xdxd wants a multiple of 32"),
        (ModelSpec.xdxd(scale=2, resampling="network"), "xdxd does not enlarge"),
        (ModelSpec("onnx"), "onnx"),
        (ModelSpec("small", {"width": 0}), "width: got 0"),
    ],
)
def test_refuses_to_build(spec, message):
    with pytest.raises(InputError, match=message):
        build(spec)


def test_numpy_only_module_needs_no_torch():
    """The spec and the pixels are for programs without torch."""
    import subprocess
    import sys

    code = "import sys, sn7fast.nn.spec, sn7fast.nn.pixels; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
