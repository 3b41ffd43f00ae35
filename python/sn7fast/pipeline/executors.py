"""Run the same work on many jobs: here, or on any executor, a bounded number of them at a time.

``work(job, tell)`` does one job and returns its outcome; for other processes it must be a function
of a module (or a `functools.partial` of one), and job and outcome must be picklable and small:
paths and settings, never arrays. `sn7fast.pipeline.workers` has the processes of our own.

A job that raises is a `Failure` in place of an outcome and the others go on. Jobs are taken from
their iterator only when there is room, so thousands of them need no more memory than a few.
"""

from __future__ import annotations

import traceback
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from sn7fast._core import get_num_threads
from sn7fast.errors import InputError, InternalError, MissingDependencyError, WorkersError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Executor, Future

    from sn7fast.pipeline.outcome import Told

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

Tell: TypeAlias = "Callable[[Told], None]"
Work: TypeAlias = "Callable[[Job, Tell], Outcome]"

# How often an executor is asked whether it can still finish what it has, and Ctrl-C is seen
# whichever thread it reaches.
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job has no outcome.

    Attributes:
        text: One line.
        trace: Where it was raised, if that is a bug of sn7fast; else empty.
    """

    text: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Done(Generic[Job, Outcome]):
    """A job that is over.

    Attributes:
        job: Which.
        result: Its outcome, or why there is none.
    """

    job: Job
    result: Outcome | Failure


def attempt(work: Work[Job, Outcome], job: Job, tell: Tell) -> Outcome | Failure:
    """Do a job; an exception becomes a Failure."""
    try:
        return work(job, tell)
    except (InputError, MissingDependencyError, WorkersError) as error:
        return Failure(_line(error))
    except MemoryError as error:
        return Failure(_line(error) or "out of memory")
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return Failure(f"{place}{error.strerror or _line(error) or type(error).__name__}")
    except Exception as error:
        text = f"{type(error).__name__}: {_line(error)}"
        text = _line(error) if isinstance(error, InternalError) else f"a bug in sn7fast: {text}"
        return Failure(text, "".join(traceback.format_exception(error)))


def run_here(
    jobs: Iterable[Job], work: Work[Job, Outcome], tell: Tell
) -> Generator[Done[Job, Outcome]]:
    """One after the other, in this process."""
    for job in jobs:
        yield Done(job, attempt(work, job, tell))


def run_on(
    executor: Executor,
    jobs: Iterable[Job],
    work: Work[Job, Outcome],
    tell: Tell,
    *,
    in_flight: int | None = None,
    look: Callable[[], None] | None = None,
) -> Generator[Done[Job, Outcome]]:
    """On an executor, in the order in which jobs are over.

    There is no way back from an executor but results: what happens in a job is told when it is
    over. A job whose worker died is tried again at the end, alone, if the executor still works.

    Args:
        executor: Of `concurrent.futures`; left open.
        jobs: What to do.
        work: See the top of this module.
        tell: Is told all news.
        in_flight: Jobs that are handed over at a time; None means twice the executor's workers, so
            that none of them waits.
        look: Called now and then while nothing comes back; raises WorkersError if nothing will.

    Raises:
        WorkersError: The executor is broken, shut down or gone.
    """
    room = in_flight or 2 * (getattr(executor, "_max_workers", None) or get_num_threads())
    suspects: list[Job] = []
    for done in _in_flight(executor, iter(jobs), work, tell, room, look):
        if _is_lost(done.result):
            suspects.append(done.job)
        else:
            yield done
    yield from _in_flight(executor, iter(suspects), work, tell, 1, look)


def _in_flight(
    executor: Executor,
    jobs: Iterator[Job],
    work: Work[Job, Outcome],
    tell: Tell,
    room: int,
    look: Callable[[], None] | None,
) -> Generator[Done[Job, Outcome]]:
    pending: dict[Future[tuple[Outcome | Failure, list[Told]]], Job] = {}
    is_last = False
    try:
        while pending or not is_last:
            while not is_last and len(pending) < room:
                try:
                    job = next(jobs)
                except StopIteration:
                    is_last = True
                    break
                pending[_submit(executor, work, job)] = job
            over, _ = wait(pending, _LOOK_EVERY_S, FIRST_COMPLETED)
            if not over and look is not None:
                look()
            for future in over:
                result, news = _result(future)
                for told in news:
                    tell(told)
                yield Done(pending.pop(future), result)
    finally:
        for future in pending:
            future.cancel()


def _submit(
    executor: Executor, work: Work[Job, Outcome], job: Job
) -> Future[tuple[Outcome | Failure, list[Told]]]:
    try:
        return executor.submit(_recorded, work, job)
    except RuntimeError as error:  # broken ones, and those that were shut down
        raise WorkersError(f"executor: takes no more work: {_line(error)}") from error


def _recorded(work: Work[Job, Outcome], job: Job) -> tuple[Outcome | Failure, list[Told]]:
    """The result with what was told on the way."""
    news: deque[Told] = deque()
    result = attempt(work, job, news.append)
    return result, list(news)


class _Lost(Failure):
    """A worker died of it, or died while it waited there."""


def _is_lost(result: object) -> bool:
    return isinstance(result, _Lost)


def _result(future: Future[tuple[Any, list[Told]]]) -> tuple[Any, list[Told]]:
    try:
        return future.result()
    except (BrokenExecutor, CancelledError) as error:
        raise WorkersError(
            f"executor: gone in the middle of the work{f': {_line(error)}' if str(error) else ''}"
        ) from error
    except Exception as error:
        # What is not of the job, for `attempt` catches that: it could not be sent or brought back,
        # or, on a cluster that lives on, its worker was killed.
        kind = _Lost if type(error).__name__ == "KilledWorker" else Failure
        return kind(f"{type(error).__name__}: {_line(error)}"), []


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
