"""Arrays in npz files: written to equal bytes, read without trust."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import FormatError
from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

# What reading a damaged file raises; the second line is for bits that ask for what zipfile lacks.
DAMAGE = (ValueError, EOFError, KeyError, TypeError, OSError, zipfile.BadZipFile, zlib.error,
           NotImplementedError, RuntimeError)  # fmt: skip


def read_npz(
    path: str | os.PathLike[str], names: Collection[str] | None = None
) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file by name; none that would need pickle.

    Args:
        path: File.
        names: Of those that are wanted; None means all.

    Raises:
        FormatError: The file is none, or a damaged one; names it.
        OSError: It cannot be read.
    """
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if names is None or name in names}
    except DAMAGE as error:
        raise FormatError(f"{path}: cannot be read as npz: {error}") from error


def write_npz(
    path: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any]], *, level: int = 6
) -> None:
    """Write arrays, whole or not at all; equal input, equal bytes.

    Args:
        path: File to write.
        arrays: By name.
        level: Of the compression, 1 (fast) to 9.

    Raises:
        OSError: The file cannot be written.
    """
    with whole_file(path) as part, zipfile.ZipFile(
        part, "w", zipfile.ZIP_DEFLATED, compresslevel=level
    ) as archive:  # fmt: skip
        for name, values in arrays.items():
            # Members that are opened by name have a fixed date.
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(values), allow_pickle=False)
