"""Where trials are kept between runs."""

from __future__ import annotations

import hashlib
import json
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from sn7fast.search.objective import Sample

_SETTINGS = "settings"
_KEY = "sn7fast"


@contextmanager
def opened_storage(
    path: str | os.PathLike[str] | None, settings: Mapping[str, Any]
) -> Iterator[Any]:
    """A storage of optuna for the studies of one search.

    Args:
        path: SQLite file, made if it is not there; None keeps the trials in memory.
        settings: What decides the outcome; kept in the storage.

    Raises:
        InputError: The file is no storage, or one of a search with other settings; says which.
    """
    optuna = require("optuna", extra="search")
    if path is None:
        yield optuna.storages.InMemoryStorage()
        return
    path = Path(path)
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder does not exist")
    # Through JSON, so that what is compared has been stored and read alike.
    plain = json.loads(json.dumps(settings))
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{path.resolve()}")
        _do_not_wait(storage.engine)
        study = optuna.create_study(study_name=_SETTINGS, storage=storage, load_if_exists=True)
        kept = study.user_attrs.get(_KEY)
        if kept is None:
            study.set_user_attr(_KEY, plain)
    except (require("sqlalchemy.exc").SQLAlchemyError, RuntimeError) as error:
        text = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: cannot be used as a storage of trials: {text}") from error
    try:
        _check_same(path, kept, plain)
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _do_not_wait(engine: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
    """Writes need not have reached the disk: a killed process loses nothing, a power cut may."""

    def connected(connection: Any, _: object) -> None:  # noqa: ANN401 - of sqlite3
        connection.execute("PRAGMA synchronous=OFF").close()

    require("sqlalchemy").event.listen(engine, "connect", connected)
    # Those that are open know nothing of it.
    engine.dispose()


def _check_same(path: Path, kept: Mapping[str, Any] | None, plain: Mapping[str, Any]) -> None:
    if kept is not None and kept != plain:
        names = sorted(key for key in {*kept, *plain} if kept.get(key) != plain.get(key))
        raise InputError(
            f"{path}: holds the trials of a search with other settings ({', '.join(names)}); "
            "repeat that search to go on with it, or start anew (another file, or --overwrite)"
        )


def digest(sample: Sample) -> str:
    """Changes with what the scores of an AOI depend on."""
    cube, truth = sample.cube, sample.truth
    known = [sample.aoi, cube.months, cube.prob.shape, str(cube.prob.dtype), cube.scale]
    digested = hashlib.sha256(repr([*known, truth.months]).encode())
    shapes = truth.footprints
    arrays = [cube.prob, cube.valid, truth.frame_offsets, truth.ids]
    for array in (*arrays, shapes.coords, shapes.ring_offsets, shapes.polygon_offsets):
        # Frame by frame, as a cube may be larger than memory.
        for part in [] if array is None else np.atleast_2d(array):
            digested.update(zlib.crc32(np.ascontiguousarray(part).data).to_bytes(4, "big"))
    return digested.hexdigest()[:16]


def digests(samples: Sequence[Sample]) -> dict[str, str]:
    """One for each AOI."""
    return {sample.aoi: digest(sample) for sample in samples}
