"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give an empty file in the folder of ``path`` that takes its place if the block succeeds.

    If the block fails, the file is removed and ``path`` stays as it was. A symbolic link is
    followed, so the file it points to is replaced.

    Raises:
        FileNotFoundError: The folder does not exist.
        IsADirectoryError: ``path`` is a folder.
    """
    final = Path(os.path.realpath(path))
    if not final.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "No such folder", str(final.parent))
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(final))
    part = final.with_name(f".sn7fast-{secrets.token_hex(8)}.part")
    try:
        part.touch(exist_ok=False)
        yield part
        part.replace(final)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
