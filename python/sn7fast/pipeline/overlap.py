"""Jobs in two stages, one after the other in this process, of which the next is begun meanwhile.

::

    thread       first stage of a | first stage of b  | first stage of c  | ...
    main thread                   | second stage of a | second stage of b | ...

Reading and the network are in the first stage; post-processing and writing, most of it in the core,
in the second, so that both work at the same time and at most two jobs are under way. The second
stage stays in the main thread, since the core hears Ctrl-C there alone.
"""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from sn7fast._ahead import ahead
from sn7fast.pipeline.executors import Done, Failure, Job, Outcome, attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from sn7fast.pipeline.executors import Tell
    from sn7fast.pipeline.outcome import Told

    Staged: TypeAlias = Callable[[Job, Tell, "Beside"], Generator[float, None, Outcome]]

_LOOK_EVERY_S = 0.2
# How long what was begun may take to clean up when the run is over before its end.
_GRACE_S = 10.0


class Beside:
    """What the first stage of a job has to know of the job before, which is at work beside it.

    Args:
        needed_mb: What that one said that its second stage needs.
        over: Is set when that one is over; None if there is none.
        stop: Is set when the run is over before its end.
    """

    def __init__(
        self,
        needed_mb: float = 0.0,
        over: threading.Event | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.needed_mb = needed_mb
        self._over, self._stop = over, stop

    def look(self) -> None:
        """To be called now and then, where something takes long.

        Raises:
            KeyboardInterrupt: The run is over; clean up and leave.
        """
        if self._stop is not None and self._stop.is_set():
            raise KeyboardInterrupt

    def wait(self) -> None:
        """Until the job before is over.

        Raises:
            KeyboardInterrupt: The run is.
        """
        while self._over is not None and not self._over.wait(_LOOK_EVERY_S):
            self.look()


def run_overlapped(
    jobs: Iterable[Job], stages: Staged[Job, Outcome], tell: Tell
) -> Generator[Done[Job, Outcome]]:
    """In the order of the jobs; what a job leaves does not depend on what is done beside it.

    Args:
        jobs: What to do.
        stages: ``stages(job, tell, beside)`` does the first stage of a job, yields how many
            megabytes the second one needs, does it, and returns the outcome. It is advanced and
            closed by one thread at a time, though not always the same. A job that raises in either
            stage is a `Failure`.
        tell: Is told all news: by either thread, but by one at a time.
    """
    stop, turn = threading.Event(), threading.RLock()

    def told(news: Told) -> None:
        with turn:
            if stop.is_set():
                raise KeyboardInterrupt
            tell(news)

    def begun() -> Iterator[_Begun[Job, Outcome]]:
        beside = Beside(stop=stop)
        for job in jobs:
            one = _Begun(job, stages(job, told, beside))
            beside = Beside(one.begin(), one.over, stop)
            yield one

    with closing(ahead(begun, 1, stop=stop, join_s=_GRACE_S, drop=_Begun.close)) as waiting:
        for one in waiting:
            try:
                done = Done(one.job, one.finish())
            finally:
                one.close()
            yield done


class _Begun(Generic[Job, Outcome]):
    """A job between its stages."""

    def __init__(self, job: Job, work: Generator[float, None, Outcome]) -> None:
        self.job, self._work = job, work
        self._result: _Result[Outcome] | Failure | None = None
        self.over = threading.Event()

    def begin(self) -> float:
        """Do the first stage, and say how many megabytes the second one needs."""
        found = attempt(self._advance, self.job, _ignore)
        if isinstance(found, _Result | Failure):
            self._result = found
            return 0.0
        return found

    def finish(self) -> Outcome | Failure:
        """Do the second stage, if the first was not the end of it."""
        result = self._result
        if result is None:
            found = attempt(self._advance, self.job, _ignore)
            if not isinstance(found, _Result | Failure):
                raise TypeError(f"stages: got a second {found}, wanted the outcome")
            result = found
        return result if isinstance(result, Failure) else result.outcome

    def close(self) -> None:
        """It is over, or given up."""
        self._work.close()
        self.over.set()

    def _advance(self, *_: object) -> float | _Result[Outcome]:
        try:
            return next(self._work)
        except StopIteration as over:
            return _Result(over.value)


class _Result(Generic[Outcome]):
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def _ignore(_: Any) -> None:  # noqa: ANN401 - news
    pass
