"""Exceptions of sn7fast, one class for each thing a caller would do differently.

A leaf module: the native core imports its classes from here.
"""

__all__ = [
    "ArchiveError",
    "DownloadError",
    "FormatError",
    "GeometryError",
    "InputError",
    "InternalError",
    "MissingDependencyError",
    "RasterError",
    "Sn7FastError",
    "StackError",
    "WorkersError",
]


class Sn7FastError(Exception):
    """Base of everything that sn7fast raises on its own account."""


class InputError(Sn7FastError, ValueError):
    """An argument or an input does not hold what was wanted; the message names it."""


class FormatError(InputError):
    """A text file breaks its format; the message names the file and the line or feature."""


class GeometryError(InputError):
    """A footprint cannot be used: NaN, infinite or huge coordinates, an unclosed ring."""


class RasterError(InputError):
    """A raster cannot be read or has the wrong bands, type or shape; the message names it."""


class StackError(InputError):
    """Frames do not make a stack: no month in a name, two files for a month, unequal shapes."""


class ArchiveError(InputError):
    """An archive has the wrong checksum, is damaged, or holds what must not be unpacked."""


class DownloadError(Sn7FastError, OSError):
    """The connection was lost too often; what came is kept, and a second call goes on from it."""


class MissingDependencyError(Sn7FastError, ImportError):
    """An optional package is not installed; the message says what to install."""


class WorkersError(Sn7FastError, RuntimeError):
    """What runs the work cannot start or is gone. What was finished is kept: run again."""


class InternalError(Sn7FastError, RuntimeError):
    """A bug in sn7fast. Please report it with the input that led to it."""
