"""Tiles, their weights, and how images are cut into chunks."""

import numpy as np
import pytest

from sn7fast.nn.canvas import Canvas
from sn7fast.nn.plan import ALIGN, chunks
from sn7fast.nn.tiles import axis


@pytest.mark.parametrize(
    ("size", "starts"), [(1024, (0, 512)), (1023, (0, 511)), (512, (0,)), (1025, (0, 512, 513))]
)
def test_baseline_windows(size, starts):
    found = axis(size, 512, 0, "mean")
    assert found.starts == starts
    assert all((weights > 0).all() for weights in found.weights)


def test_baseline_takes_the_mean_of_the_shared_pixel():
    found = axis(1023, 512, 0, "mean")
    assert found.weights[0][-1] == found.weights[1][0] == 0.5
    assert (found.weights[0][:-1] == 1).all()
    assert (found.weights[1][1:] == 1).all()


def test_a_short_image_is_one_tile():
    found = axis(100, 512, 64, "blend", scale=2)
    assert (found.tile, found.starts) == (100, (0,))
    assert found.weights[0].shape == (200,)
    assert (found.weights[0] == 1).all()


@pytest.mark.parametrize("stitch", ["blend", "mean"])
@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize("size", [1, 31, 64, 65, 100, 257, 1000])
@pytest.mark.parametrize(
    ("tile", "overlap", "align"), [(64, 0, 1), (64, 8, 8), (64, 32, 32), (9, 4, 2)]
)
def test_weights_sum_to_one_and_tiles_cover_all(size, tile, overlap, align, stitch, scale):
    found = axis(size, tile, overlap, stitch, scale=scale, align=align)
    total = np.zeros(size * scale)
    for start, weights in zip(found.starts, found.weights, strict=True):
        total[start * scale : (start + found.tile) * scale] += weights
    np.testing.assert_allclose(total, 1, atol=1e-6)
    starts = np.array(found.starts)
    assert starts[0] == 0
    assert starts[-1] + found.tile == size
    assert (np.diff(starts) > 0).all()
    assert (np.diff(starts) <= found.tile - overlap).all()
    if stitch == "blend" and tile - overlap >= align:
        assert (starts[:-1] % align == 0).all()


def test_blending_goes_over_along_the_overlap():
    found = axis(112, 64, 16, "blend")
    assert found.starts == (0, 48)
    into = found.weights[1][:16]
    assert (np.diff(into) > 0).all()
    np.testing.assert_allclose(into + found.weights[0][48:], 1, atol=1e-6)


class Kept:
    """A sink that remembers, and refuses to be written twice."""

    def __init__(self, outputs, rows, columns):
        self.values = np.full((outputs, rows, columns), np.nan, np.float32)
        self.parts = []

    def write(self, row, column, values, valid):
        part = self.values[:, row : row + values.shape[1], column : column + values.shape[2]]
        assert part.shape == values.shape
        assert np.isnan(part).all()
        part[:] = values
        self.parts.append((row, column, *values.shape[1:]))


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("memory_mb", [0.4, 2, 100])
@pytest.mark.parametrize("shape_yx", [(300, 1100), (1100, 300), (50, 40)])
def test_chunks_make_the_image_whatever_the_memory(shape_yx, memory_mb, scale):
    """Answers that are a function of the place come back as that function."""
    rows, columns = (axis(side, 96, 24, "blend", scale=scale, align=4) for side in shape_yx)
    high, wide = (side * scale for side in shape_yx)
    truth = np.random.default_rng(0).random((2, high, wide), np.float32)
    sink = Kept(2, high, wide)
    canvas = Canvas(rows, columns, 2, scale, sink)
    plan = list(
        chunks(rows, columns, bands=3, outputs=2, scale=scale, memory_mb=memory_mb, ahead=2)
    )
    assert [chunk.is_last for chunk in plan] == [False] * (len(plan) - 1) + [True]
    for chunk in plan:
        for row in chunk.tile_rows:
            top = rows.starts[row]
            assert chunk.rows[0] <= top
            assert top + rows.tile <= chunk.rows[1]
            width = chunk.columns[1] - chunk.columns[0]
            canvas.begin_row(chunk.block, row, np.ones((rows.tile, width), bool), chunk.columns[0])
            for column in chunk.block.tiles:
                left = columns.starts[column]
                assert chunk.columns[0] <= left
                assert left + columns.tile <= chunk.columns[1]
                canvas.add(
                    row,
                    column,
                    truth[:, top * scale : (top + rows.tile) * scale,
                          left * scale : (left + columns.tile) * scale],
                )  # fmt: skip
            canvas.end_row(row)
    np.testing.assert_allclose(sink.values, truth, atol=1e-6)
    for row, column, *_ in sink.parts:
        assert row % (ALIGN * scale) == 0
        assert column % (ALIGN * scale) == 0
    if memory_mb == 100:
        assert len(plan) == 1
    elif max(shape_yx) > 1000:
        assert len(plan) > 1
