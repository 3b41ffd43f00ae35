"""A Dask cluster as an executor: one that runs somewhere, or one of local processes.

Only names of files and settings go to the workers, and counts come back: a cluster on other
machines must see the files under the same paths, and have the same version of sn7fast.
"""

from __future__ import annotations

import os
import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from sn7fast import __version__
from sn7fast._arguments import whole_number
from sn7fast._core import get_num_threads
from sn7fast._optional import require
from sn7fast.errors import InputError, WorkersError
from sn7fast.pipeline.workers import MOST_WORKERS, THREAD_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

_ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://\S+")

_CONNECT_S = 20.0
# How long a cluster may be without any worker before it is given up.
_ALONE_S = 120.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Dask cluster that takes work.

    Attributes:
        executor: Of `concurrent.futures`.
        threads: Of its workers, all together.
        look: Raises WorkersError if the cluster is gone, or has had no worker for long.
    """

    executor: Executor
    threads: int
    look: Callable[[], None]


@contextmanager
def dask_cluster(where: str) -> Iterator[Cluster]:
    """The cluster at an address, or ``local:N``: N processes on this machine, for this block.

    Args:
        where: ``tcp://host:port`` (or tls, ucx, ws, wss) of a scheduler, or ``local:N``.

    Raises:
        InputError: ``where`` is neither.
        MissingDependencyError: dask.distributed is not installed.
        WorkersError: There is no cluster at the address, or its workers lack this sn7fast.
    """
    local = re.fullmatch(r"local:(\d{1,4})", where)
    if local is None and not _ADDRESS.fullmatch(where):
        raise InputError(f"dask: got {where!r}, wanted tcp://HOST:PORT or local:N")
    distributed = require("distributed", extra="dask")
    with ExitStack() as stack:
        address: Any = where
        if local is not None:
            address = stack.enter_context(_local(distributed, int(local[1])))
        try:
            client = stack.enter_context(
                distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
            )
        except (OSError, TimeoutError) as error:
            raise WorkersError(f"dask: no cluster answers at {where}: {error}") from error
        _check_versions(client, where)
        # Also for workers that join later.
        client.register_worker_callbacks(_limit_threads)
        threads = sum(client.nthreads().values())
        executor = stack.enter_context(client.get_executor(pure=False))
        yield Cluster(executor, max(1, threads), _Watch(client, where))


@contextmanager
def _local(distributed: Any, count: int) -> Iterator[Any]:  # noqa: ANN401 - a module
    workers = whole_number("dask", count, 1, MOST_WORKERS)
    threads = str(max(1, get_num_threads() // workers))
    environment = dict.fromkeys(THREAD_VARIABLES, threads)
    with distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        env=environment,
        silence_logs=50,
    ) as cluster:
        yield cluster


def _check_versions(client: Any, where: str) -> None:  # noqa: ANN401 - of distributed
    try:
        found = client.run(_version)
    except Exception as error:  # whatever the worker raised
        raise WorkersError(
            f"dask: a worker of {where} cannot import sn7fast: {type(error).__name__}: {error}"
        ) from error
    odd = {address: version for address, version in found.items() if version != __version__}
    if odd:
        address, version = next(iter(odd.items()))
        raise WorkersError(
            f"dask: the worker {address} of {where} has sn7fast {version}, wanted {__version__}"
        )


def _version() -> str:
    from sn7fast import __version__ as version

    return version


def _limit_threads(dask_worker: Any) -> None:  # noqa: ANN401 - of distributed
    """No more threads than the worker has, unless its environment says how many."""
    from sn7fast._core import set_num_threads

    if "SN7FAST_NUM_THREADS" not in os.environ:
        os.environ["SN7FAST_NUM_THREADS"] = str(dask_worker.state.nthreads)
        set_num_threads(dask_worker.state.nthreads)


class _Watch:
    """Looks whether a cluster can still finish what it has."""

    def __init__(self, client: Any, where: str) -> None:  # noqa: ANN401 - of distributed
        self._client, self._where = client, where
        self._alone_since: float | None = None

    def __call__(self) -> None:
        if self._client.status != "running":
            raise WorkersError(f"dask: the cluster at {self._where} is gone")
        if self._client.scheduler_info(n_workers=-1)["workers"]:
            self._alone_since = None
            return
        now = monotonic()
        self._alone_since = self._alone_since or now
        if now - self._alone_since > _ALONE_S:
            raise WorkersError(
                f"dask: the cluster at {self._where} has had no worker for {_ALONE_S:.0f} s"
            )
