"""Specs of networks, and images made ready for them."""

import json

import numpy as np
import pytest

from sn7fast.errors import InputError
from sn7fast.nn.pixels import check_image, enlarge, normalise, prepared
from sn7fast.nn.spec import ModelSpec


def test_goes_through_json():
    spec = ModelSpec(
        "small", {"width": 8, "list": (1, 2)}, ("b1", "b2"), "uint16", (1.5, 2), (3, 0.1),
        ("roof", "edge"), "probabilities", 3, "cubic", 8, {"data": {"aois": ["a"]}},
    )  # fmt: skip
    text = spec.to_json()
    again = ModelSpec.from_json(text)
    assert again == spec
    assert again.to_json() == text
    assert again.arguments["list"] == [1, 2]


def test_defaults_are_raw_numbers():
    spec = ModelSpec.xdxd()
    assert (spec.mean, spec.std, spec.bands) == ((0.0,) * 3, (1.0,) * 3, ("red", "green", "blue"))
    assert spec.outputs == ("footprint",)
    assert spec.multiple == 32


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "vgg"}, "architecture: got 'vgg'"),
        ({"architecture": "os.system('x'):y"}, "architecture"),
        ({"arguments": {"a": {1, 2}}}, "arguments: .*JSON"),
        ({"arguments": [1]}, "arguments: got list"),
        ({"bands": "rgb"}, "bands: got the text 'rgb'"),
        ({"bands": ()}, "bands: got none"),
        ({"outputs": ("a", "a")}, "outputs: got a, a"),
        ({"mean": (1, 2)}, "mean: got .*wanted 3"),
        ({"std": (1, 0, 1)}, "std: got .*above 0"),
        ({"std": (1, float("nan"), 1)}, "std: got"),
        ({"pixels": "int64"}, "pixels: got 'int64'"),
        ({"gives": "votes"}, "gives: got 'votes'"),
        ({"scale": 5}, "scale: got 5"),
        ({"resampling": "lanczos"}, "resampling: got 'lanczos'"),
        ({"multiple": 0}, "multiple: got 0"),
        ({"info": {"loss": float("nan")}}, "info"),
    ],
)
def test_refuses(changes, message):
    with pytest.raises(InputError, match=message):
        ModelSpec(**{"architecture": "small"} | changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        ("[]", "JSON object"),
        ('{"architecture": "small"}', "version: got None"),
        ('{"version": 2, "architecture": "small"}', "version: got 2"),
        ('{"version": 1, "architecture": "small", "colour": 1}', "unknown key 'colour'"),
        ('{"version": 1}', "no architecture"),
        ('{"version": 1, "architecture": "small", "mean": 3}', "mean: got 3, wanted a list"),
    ],
)
def test_refuses_json(text, message):
    with pytest.raises(InputError, match=message):
        ModelSpec.from_json(text)


def test_differences_leave_out_info():
    one = ModelSpec.xdxd(info={"a": 1})
    other = ModelSpec.xdxd(info={"a": 2}, scale=3)
    assert one.differences(other) == ["scale: 1 against 3"]
    assert json.loads(one.to_json())["info"] == {"a": 1}


def test_normalises_by_band():
    spec = ModelSpec("small", mean=(10, 20, 0), std=(2, 4, 1))
    image = np.arange(24, dtype=np.uint8).reshape(3, 2, 4)
    wanted = (image - np.reshape(spec.mean, (3, 1, 1))) / np.reshape(spec.std, (3, 1, 1))
    got = normalise(spec, image)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, rtol=1e-6)
    torch = pytest.importorskip("torch")
    batch = torch.from_numpy(image)[None]
    np.testing.assert_array_equal(normalise(spec, batch).numpy()[0], got)


def test_raw_numbers_stay_as_they_are():
    image = np.arange(256, dtype=np.uint8).repeat(3).reshape(3, 16, 16)
    np.testing.assert_array_equal(normalise(ModelSpec.xdxd(), image), image)


def test_checks_images():
    spec = ModelSpec.xdxd()
    check_image(spec, np.zeros((3, 2, 2), np.uint8), "x.tif")
    check_image(spec, np.zeros((3, 2, 2), np.float32), "x.tif")
    with pytest.raises(InputError, match=r"x.tif: got 4 bands, the network wants 3: red, green"):
        check_image(spec, np.zeros((4, 2, 2), np.uint8), "x.tif")
    with pytest.raises(InputError, match=r"x.tif: got uint16, the network was trained with uint8"):
        check_image(spec, np.zeros((3, 2, 2), np.uint16), "x.tif")


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_nearest_repeats(scale):
    image = np.random.default_rng(1).integers(0, 255, (3, 5, 7), np.uint8)
    got = enlarge(image, scale, "nearest")
    np.testing.assert_array_equal(got, np.kron(image, np.ones((1, scale, scale), np.uint8)))
    assert got.dtype == np.uint8


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(("resampling", "mode"), [("bilinear", "bilinear"), ("cubic", "bicubic")])
def test_enlarges_as_torch_does(scale, resampling, mode):
    torch = pytest.importorskip("torch")
    image = np.random.default_rng(2).random((3, 6, 9), np.float32)
    wanted = torch.nn.functional.interpolate(
        torch.from_numpy(image)[None], scale_factor=scale, mode=mode, align_corners=False
    )[0]
    np.testing.assert_allclose(enlarge(image, scale, resampling), wanted, atol=1e-5)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "cubic", "network"])
def test_both_kinds_of_array_are_prepared_alike(resampling):
    torch = pytest.importorskip("torch")
    spec = ModelSpec("small", mean=(90, 80, 70), std=(30, 31, 32), scale=3, resampling=resampling)
    images = np.random.default_rng(4).integers(0, 255, (2, 3, 8, 7), np.uint8)
    got = prepared(spec, images)
    assert got.shape == ((2, 3, 8, 7) if resampling == "network" else (2, 3, 24, 21))
    np.testing.assert_allclose(prepared(spec, torch.from_numpy(images)), got, atol=1e-5)


def test_enlarging_by_one_is_nothing():
    image = np.zeros((1, 2, 3), np.uint8)
    assert enlarge(image, 1, "cubic") is image
    with pytest.raises(InputError, match="resampling: got 'network'"):
        enlarge(image, 2, "network")
