"""Worker processes of our own, which tell what they do while they do it.

Each worker has a pipe of its own and one job at a time. If a worker dies, the end of its pipe says
so, and it is known which job it had: that job alone is tried once more, after all others, with no
other worker beside it, since what kills workers is most often memory. A second death is a failure.
(`concurrent.futures.ProcessPoolExecutor` gives up all its jobs when one worker dies, and does not
say which job it was.)

Workers are spawned, not forked: threads of networks do not survive a fork. A worker ends when its
parent does, also if that was killed. Ctrl-C reaches workers as an exception, so that they clean up.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Generic

from sn7fast._arguments import whole_number
from sn7fast._core import get_num_threads
from sn7fast.errors import WorkersError
from sn7fast.pipeline.executors import Done, Failure, Job, Outcome, attempt
from sn7fast.pipeline.outcome import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from sn7fast.pipeline.executors import Tell, Work

MOST_WORKERS = 256

_LOOK_EVERY_S = 0.5
# How long workers may take to clean up when the run is interrupted.
_GRACE_S = 10.0

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "SN7FAST_NUM_THREADS",
)


def run_in_processes(
    jobs: Sequence[Job],
    work: Work[Job, Outcome],
    tell: Tell,
    *,
    workers: int,
    name: Callable[[Job], str] = str,
) -> Generator[Done[Job, Outcome]]:
    """In so many processes, in the order in which jobs are over.

    The threads that this process would use are shared out among the workers.

    Args:
        jobs: What to do.
        work: See `sn7fast.pipeline.executors`.
        tell: Is told all news at once.
        workers: How many.
        name: Of a job, for news.

    Raises:
        InputError: The number of workers is out of range.
        WorkersError: A worker cannot start.
    """
    workers = whole_number("workers", workers, 1, MOST_WORKERS)
    threads = max(1, get_num_threads() // workers)
    suspects: list[Job] = []
    with _Crew(work, tell, threads) as crew:
        for done in crew.run(jobs, workers):
            if isinstance(done.result, _Died):
                suspects.append(done.job)
                tell(Told(name(done.job), "aoi", "retry", done.result.text))
            else:
                yield done
    for job in suspects:
        with _Crew(work, tell, threads) as crew:
            for done in crew.run([job], 1):
                if isinstance(done.result, _Died):
                    text = f"{done.result.text}, also when it was tried again alone"
                    done = Done(job, Failure(text))
                yield done


class _Died(Failure):
    """Its worker did."""


class _Worker(Generic[Job]):
    """One process, and what it does at present."""

    def __init__(self, work: Work[Job, Any], threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=_serve, args=(theirs, work, threads), daemon=True
        )
        try:
            self.process.start()
        except OSError as error:
            raise WorkersError(f"workers: cannot start one: {error.strerror or error}") from error
        finally:
            # So that the pipe ends with the worker.
            theirs.close()
        self.is_ready = False
        self.job: Job | None = None

    def send(self, job: Job) -> None:
        self.job = job
        # If it died while it was idle, reading from it will tell.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(job)

    def death(self) -> str:
        """Waits for it, and says how it ended."""
        self.process.join(_GRACE_S)
        code = self.process.exitcode
        if code is not None and code < 0:
            hint = " (out of memory?)" if -code == signal.SIGKILL else ""
            return f"was killed by {signal.Signals(-code).name}{hint}"
        return f"ended with exit status {code}"


class _Crew(Generic[Job, Outcome]):
    """Workers that come up as they are needed and end with the block."""

    def __init__(self, work: Work[Job, Outcome], tell: Tell, threads: int) -> None:
        self._work, self._tell, self._threads = work, tell, threads
        self._all: list[_Worker[Job]] = []

    def __enter__(self) -> _Crew[Job, Outcome]:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._all:
            # Those without a job leave when the pipe ends.
            if worker.job is not None:
                worker.process.terminate()
            worker.connection.close()
        for worker in self._all:
            worker.process.join(_GRACE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self._all.clear()

    def run(self, jobs: Sequence[Job], most: int) -> Generator[Done[Job, Outcome]]:
        """All jobs, with up to so many workers."""
        upcoming = deque(jobs)
        while upcoming or any(worker.job is not None for worker in self._all):
            idle = [worker for worker in self._all if worker.is_ready and worker.job is None]
            while upcoming and idle:
                idle.pop().send(upcoming.popleft())
            starting = sum(not worker.is_ready for worker in self._all)
            while starting < len(upcoming) and len(self._all) < most:
                self._all.append(_Worker(self._work, self._threads))
                starting += 1
            by_connection = {worker.connection: worker for worker in self._all}
            # Now and then without news, so that Ctrl-C is seen whichever thread it reaches.
            for connection in wait(list(by_connection), _LOOK_EVERY_S):
                done = self._receive(by_connection[connection])  # type: ignore[index]
                if done is not None:
                    yield done

    def _receive(self, worker: _Worker[Job]) -> Done[Job, Outcome] | None:
        """Take one message of a worker."""
        try:
            kind, content = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            return self._bury(worker)
        if kind == "told":
            self._tell(content)
            return None
        if kind == "ready":
            worker.is_ready = True
            return None
        job, worker.job = worker.job, None
        assert job is not None
        return Done(job, content)

    def _bury(self, worker: _Worker[Job]) -> Done[Job, Outcome] | None:
        how = worker.death()
        self._all.remove(worker)
        worker.connection.close()
        job = worker.job
        if not worker.is_ready:
            raise WorkersError(
                f"workers: one {how} before it could begin; a script that uses workers must call "
                "from within: if __name__ == '__main__':"
            )
        return None if job is None else Done(job, _Died(f"its worker {how}"))


def _serve(connection: Connection, work: Work[Any, Any], threads: int) -> None:
    """What a worker does: jobs from its pipe, one at a time, until the pipe ends."""
    _limit_threads(threads)
    interrupt = _Interrupt()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    _watch()
    lock = threading.Lock()

    def send(kind: str, content: Any = None) -> None:  # noqa: ANN401 - anything picklable
        # News may come from several threads.
        with lock:
            connection.send((kind, content))

    try:
        send("ready")
        while True:
            job = connection.recv()
            result = attempt(work, job, lambda told: send("told", told))
            try:
                send("done", result)
            except (AttributeError, TypeError, ValueError) as error:
                send("done", Failure(f"a bug in sn7fast: the outcome cannot be sent: {error}"))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        # The parent is done, or gone.
        return
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _limit_threads(threads: int) -> None:
    """Before torch is imported, which reads the environment; the core is told outright."""
    from sn7fast._core import set_num_threads

    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    set_num_threads(threads)


class _Interrupt:
    """Handler of signals that raises once: a second one must not come between the cleaning up."""

    def __init__(self) -> None:
        self._is_over = False

    def __call__(self, number: int, frame: object) -> None:
        if not self._is_over:
            self._is_over = True
            raise KeyboardInterrupt


def _watch() -> None:
    """Interrupt the main thread when a signal or the end of the parent asks for it.

    A signal may reach any thread of the process, and a call that blocks the main thread would go
    on: what arrives is sent on to the main thread. A parent that was killed cannot send a signal.
    """
    parent = multiprocessing.parent_process()
    if parent is None or not hasattr(signal, "pthread_kill"):
        return
    arrived, arrives = os.pipe()
    os.set_blocking(arrives, False)
    signal.set_wakeup_fd(arrives, warn_on_full_buffer=False)
    main = threading.main_thread().ident or 0

    def look() -> None:
        wait([parent.sentinel, arrived])
        signal.pthread_kill(main, signal.SIGTERM)
        time.sleep(_GRACE_S)
        os._exit(128 + signal.SIGINT)

    threading.Thread(target=look, name="watch", daemon=True).start()
