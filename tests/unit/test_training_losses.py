"""Losses against numpy in double precision."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sn7fast.nn.training import losses  # noqa: E402
from sn7fast.nn.training.figures import Figures  # noqa: E402
from sn7fast.nn.training.losses import SumOfLosses  # noqa: E402
from sn7fast.nn.training.recipe import Loss, LossTerm  # noqa: E402

NAMES = ["footprint", "contact"]


def case(seed=0, channels=2, spread=4.0, counted=0.7):
    rng = np.random.default_rng(seed)
    shape = (3, channels, 9, 7)
    logits = rng.normal(0, spread, shape)
    target = rng.random(shape) < 0.3
    counts = rng.random((3, 1, 9, 7)) < counted
    return logits, target, counts


def by_numpy(name, z, t, m, gamma=2.0):
    """For each channel, pixel by pixel."""
    found = []
    for channel in range(z.shape[1]):
        zs, ts = z[:, channel][m[:, 0]], t[:, channel][m[:, 0]].astype(float)
        p = 1 / (1 + np.exp(-zs))
        both, shared = p.sum() + ts.sum(), (p * ts).sum()
        entropy = -(ts * np.log(p) + (1 - ts) * np.log(1 - p))
        right = np.where(ts > 0, p, 1 - p)
        found.append(
            {
                "bce": entropy.mean(),
                "focal": ((1 - right) ** gamma * entropy).mean(),
                "jaccard": 1 - (shared + 1e-15) / (both - shared + 1e-15),
                "dice": 1 - (2 * shared + 1) / (both + 1),
            }[name]
        )
    return np.array(found)


def as_tensors(*arrays):
    return tuple(torch.tensor(array, dtype=torch.float32) for array in arrays)


@pytest.mark.parametrize("name", ["bce", "focal", "jaccard", "dice"])
@pytest.mark.parametrize("counted", [1.0, 0.6])
def test_each_loss(name, counted):
    arrays = case(counted=counted)
    function = getattr(losses, name)
    more = (2.0,) if name == "focal" else ()
    np.testing.assert_allclose(
        function(*as_tensors(*arrays), *more).numpy(), by_numpy(name, *arrays), rtol=1e-5
    )


def test_gamma_0_is_cross_entropy():
    tensors = as_tensors(*case())
    torch.testing.assert_close(losses.focal(*tensors, 0.0), losses.bce(*tensors))


def test_the_sum_of_the_baseline():
    arrays = case(channels=1, counted=1.0)
    terms = (LossTerm(name="bce", weight=10), LossTerm(name="jaccard", weight=2.5))
    found = SumOfLosses(Loss(terms=terms), ["footprint"])(*as_tensors(*arrays))
    wanted = 10 * by_numpy("bce", *arrays)[0] + 2.5 * by_numpy("jaccard", *arrays)[0]
    assert float(found) == pytest.approx(wanted, rel=1e-5)


def test_channel_weights():
    arrays = case()
    loss = Loss(terms=(LossTerm(name="dice"),), channel_weights=(3.0, 1.0))
    found = SumOfLosses(loss, NAMES)(*as_tensors(*arrays))
    assert float(found) == pytest.approx(by_numpy("dice", *arrays) @ [0.75, 0.25], rel=1e-5)


def test_gaps_between_houses_weigh_more():
    z, t, m = case()
    loss = Loss(terms=(LossTerm(name="bce"),), channel_weights=(1.0, 1e-9), gap_weight=5)
    found = SumOfLosses(loss, NAMES)(*as_tensors(z, t, m))
    weights = (m[:, 0] * (1 + 4 * t[:, 1])).ravel()
    p = 1 / (1 + np.exp(-z[:, 0].ravel()))
    entropy = -np.log(np.where(t[:, 0].ravel(), p, 1 - p))
    assert float(found) == pytest.approx(np.average(entropy, weights=weights), rel=1e-5)


@pytest.mark.parametrize("name", ["bce", "focal", "jaccard", "dice"])
@pytest.mark.parametrize(
    ("target", "counts"), [(0.0, 1.0), (1.0, 1.0), (1.0, 0.0)], ids=["empty", "full", "masked"]
)
def test_gradients_are_finite_at_the_edges(name, target, counts):
    logits = torch.tensor([[[[-90.0, 90.0, 0.0]]]], requires_grad=True)
    same = torch.ones(1, 1, 1, 3)
    terms = (LossTerm(name=name),)
    total = SumOfLosses(Loss(terms=terms), ["footprint"])(logits, same * target, same * counts)
    total.backward()
    assert bool(torch.isfinite(total.detach()))
    assert bool(torch.isfinite(logits.grad).all())
    if not counts:
        assert float(total.detach()) == 0
        assert not logits.grad.any()


def test_the_loss_is_float32_in_bf16():
    tensors = as_tensors(*case())
    low = SumOfLosses(Loss(), NAMES)(tensors[0].bfloat16(), *tensors[1:])
    assert low.dtype == torch.float32


def test_figures_against_numpy():
    figures = Figures(2, torch.device("cpu"))
    shared, either = np.zeros(2), np.zeros(2)
    for seed in range(3):
        z, t, m = case(seed)
        said, true = (z > 0) & m, t & m
        shared += (said & true).sum((0, 2, 3))
        either += (said | true).sum((0, 2, 3))
        figures.add(torch.tensor(float(seed)), *map(torch.tensor, (z, t, m)))
    assert figures.loss == pytest.approx(1.0)
    assert figures.iou == pytest.approx(tuple(shared / either))
    again = Figures(2, torch.device("cpu"))
    again.restore(figures.total())
    assert (again.loss, again.iou) == (figures.loss, figures.iou)


def test_figures_of_nothing_said_and_nothing_true():
    figures = Figures(1, torch.device("cpu"))
    nothing = torch.zeros(1, 1, 2, 2)
    figures.add(torch.tensor(0.0), nothing - 1, nothing.bool(), nothing.bool())
    assert figures.iou == (1.0,)
