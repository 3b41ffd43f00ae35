"""``rio sn7``: found by rasterio, and the same commands with the same statuses."""

import importlib
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from rasterio.rio.main import main_group

from sn7fast.cli.group import commands
from sn7fast.io.rasters import write_mask

ROOT = Path(__file__).parents[2]


@pytest.fixture
def rio(monkeypatch):
    """Runs ``rio`` with the plugin that pyproject.toml declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (target,) = project["entry-points"]["rasterio.rio_plugins"].values()
    module, _, name = target.partition(":")
    plugin = getattr(importlib.import_module(module), name)
    monkeypatch.setitem(main_group.commands, plugin.name, plugin)

    def run(*arguments):
        return CliRunner().invoke(main_group, [str(one) for one in arguments], prog_name="rio")

    return run


def test_lists_our_commands(rio):
    assert "sn7 " in rio("--help").output
    result = rio("sn7", "--help")
    assert result.exit_code == 0
    assert result.output.startswith("Usage: rio sn7 [OPTIONS] COMMAND")
    for name in commands.list_commands(None):
        assert f"  {name} " in result.output
    assert rio("sn7", "track", "--help").exit_code == 0


def test_a_command_and_its_statuses(rio, tmp_path):
    mask = np.zeros((20, 20), np.uint8)
    mask[3:9, 4:9] = 255
    write_mask(tmp_path / "2018_01.tif", mask)
    out = tmp_path / "out.geojson"
    result = rio("sn7", "polygonize", tmp_path / "2018_01.tif", "--out", out)
    assert result.exit_code == 0, result.output
    assert out.exists()
    result = rio("sn7", "polygonize", tmp_path / "none.tif", "--out", tmp_path / "other.geojson")
    assert result.exit_code == 3
    assert "error: " in result.output
    assert "Traceback" not in result.output
    assert rio("sn7", "polygonize", "--nonsense").exit_code == 2
    assert rio("sn7", "nonsense").exit_code == 2
    assert rio("sn7").exit_code == 2
