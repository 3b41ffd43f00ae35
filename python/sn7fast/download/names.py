"""Which members of an archive are files of SpaceNet 7, and which make it refused.

Three verdicts on a name:

* a file of SpaceNet 7, in one of the folders of `ROOTS`, which may lie in a folder named after the
  archive, of now or of old; that folder is left out;
* another file in a harmless place, such as ``._x``, ``.DS_Store`` or a licence: it is not unpacked
  but counted. The archive is not refused for it, since those who pack on a Mac pack such files;
* a name that can only be meant to do harm, or that would mean another file on another system: the
  archive is refused, all of it.
"""

from __future__ import annotations

import re
import unicodedata

from sn7fast.errors import ArchiveError

ROOTS = ("train", "test_public", "csvs", "train_sample", "sample")

_MAX_NAME_BYTES, _MAX_PATH_BYTES = 255, 1024

# Archives may have been renamed on the way.
_WRAPPER = re.compile(r"SN7_buildings_[a-z_]{1,40}", re.ASCII)
_STEM = r"global_monthly_\d{4}_(?:0[1-9]|1[0-2])_mosaic_(?P=aoi)"
_FILE = re.compile(
    rf"""
    (?P<path>
        (?P<root>train|test_public|train_sample|sample)
        /(?P<aoi>L15-\d{{4}}E-\d{{4}}N_\d{{1,4}}_\d{{1,4}}_13)
        /(?: images(?:_masked)?/{_STEM}\.tif
           | labels(?:_match(?:_pix)?)?/{_STEM}_(?:Buildings|UDM)\.geojson
           | UDM_masks/{_STEM}_UDM\.tif )
      | csvs/[A-Za-z0-9][A-Za-z0-9_\-]{{0,100}}\.csv
    )
    """,
    re.ASCII | re.VERBOSE,
)


def place_of(name: str, wrapper: str) -> str | None:
    """Where a file goes, relative to the target folder, or None if it is not unpacked.

    Args:
        name: A safe name; see `safe_name`.
        wrapper: The folder named after the archive, which may be left out.
    """
    first, _, rest = name.partition("/")
    is_wrapped = first == wrapper or _WRAPPER.fullmatch(first) is not None
    found = _FILE.fullmatch(rest if is_wrapped and first not in ROOTS else name)
    return None if found is None else found["path"]


def safe_name(raw: str) -> str:
    """The name of a member without ``./`` before and ``/`` behind; empty for the root itself.

    Raises:
        ArchiveError: It is not safe; says why.
    """
    if any(unicodedata.category(letter)[0] == "C" for letter in raw):
        raise ArchiveError(f"member {raw!r}: has letters that cannot be seen or decoded in it")
    if "\\" in raw:
        raise ArchiveError(f"member {raw!r}: has a backslash in it")
    if raw.startswith("/") or re.match(r"[A-Za-z]:", raw):
        raise ArchiveError(f"member {raw!r}: is an absolute path")
    if len(raw.encode()) > _MAX_PATH_BYTES:
        raise ArchiveError(
            f"member {raw[:60]!r}...: has a path of more than {_MAX_PATH_BYTES} bytes"
        )
    name = raw.removeprefix("./").removesuffix("/")
    if name in ("", "."):
        return ""
    for part in name.split("/"):
        if part in ("", ".", ".."):
            raise ArchiveError(f"member {raw!r}: has a part {part!r}, which could lead elsewhere")
        if len(part.encode()) > _MAX_NAME_BYTES:
            raise ArchiveError(
                f"member {raw[:60]!r}...: has a name of more than {_MAX_NAME_BYTES} bytes"
            )
    return name


class Seen:
    """Names met so far: no file twice, and none that differ in the size of letters alone."""

    def __init__(self) -> None:
        self._met: dict[str, tuple[str, bool]] = {}
        self._files: set[str] = set()

    def add(self, name: str, *, is_folder: bool) -> None:
        """Remember a safe name and the folders it lies in.

        Raises:
            ArchiveError: It is there already, or another is that some file systems take for it, or
                a file has the name of a folder.
        """
        parts = name.split("/")
        for depth in range(1, len(parts) + 1):
            path, as_folder = "/".join(parts[:depth]), is_folder or depth < len(parts)
            key = unicodedata.normalize("NFC", path).casefold()
            other, was_folder = self._met.setdefault(key, (path, as_folder))
            if other != path:
                raise ArchiveError(f"member {name!r}: is the same as {other!r} on some systems")
            if was_folder != as_folder:
                raise ArchiveError(f"member {name!r}: {path!r} is a file as well as a folder")
            if not as_folder:
                if key in self._files:
                    raise ArchiveError(f"member {name!r}: comes twice")
                self._files.add(key)
