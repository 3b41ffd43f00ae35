"""What works ahead in a thread: how far, in which order, and how it ends."""

import threading
from contextlib import closing

import pytest

from sn7fast._ahead import ahead

# Nothing here takes so long unless it hangs.
LONG_S = 20


class Making:
    """Counts what it makes, and waits before each item for leave, if it needs that."""

    def __init__(self, count, *, needs_leave=False):
        self.count = count
        self.leave = threading.Semaphore(0) if needs_leave else None
        self.begun = 0
        self.has_begun = threading.Condition()
        self.is_closed = threading.Event()
        self.threads = set()

    def __call__(self):
        try:
            for number in range(self.count):
                with self.has_begun:
                    self.begun += 1
                    self.has_begun.notify_all()
                self.threads.add(threading.current_thread())
                if self.leave is not None:
                    assert self.leave.acquire(timeout=LONG_S)
                yield number
        finally:
            self.is_closed.set()

    def wait_for(self, begun):
        with self.has_begun:
            assert self.has_begun.wait_for(lambda: self.begun >= begun, LONG_S)


@pytest.mark.parametrize("depth", [1, 3])
def test_items_come_in_order_from_one_thread(depth):
    making = Making(20)
    with closing(ahead(making, depth)) as items:
        assert list(items) == list(range(20))
    assert len(making.threads) == 1
    assert making.threads != {threading.current_thread()}


@pytest.mark.parametrize("depth", [1, 3])
def test_not_more_than_asked_for_are_made_ahead(depth):
    making = Making(20)
    with closing(ahead(making, depth)) as items:
        for number, _ in zip(items, range(8), strict=False):
            # This one, those that are ready, and none that is being made beyond.
            making.wait_for(number + 1 + depth)
            assert making.begun == number + 1 + depth


def test_the_next_is_made_while_this_one_is_at_work():
    making = Making(3, needs_leave=True)
    with closing(ahead(making, 1)) as items:
        making.leave.release()
        assert next(items) == 0
        making.wait_for(2)
        making.leave.release()
        assert next(items) == 1


def test_an_error_comes_after_the_items_before():
    def failing():
        yield 1
        yield 2
        raise KeyError("three")

    found = []
    with closing(ahead(failing, 5)) as items, pytest.raises(KeyError, match="three"):
        found.extend(iter(items.__next__, None))
    assert found == [1, 2]


def test_an_error_at_once():
    def none():
        raise OSError("no such thing")

    with closing(ahead(none, 1)) as items, pytest.raises(OSError, match="no such thing"):
        next(items)


def test_closing_waits_for_the_thread_and_drops_what_nobody_took():
    making, dropped = Making(9), []
    items = ahead(making, 2, join_s=LONG_S, drop=dropped.append)
    assert next(items) == 0
    making.wait_for(3)
    items.close()
    assert making.is_closed.is_set()
    assert sorted(dropped) == [1, 2]
    assert not any(thread.is_alive() for thread in making.threads)


def test_what_comes_after_closing_is_dropped_by_the_thread():
    making, dropped = Making(9, needs_leave=True), threading.Semaphore(0)
    items = ahead(making, 1, drop=lambda _: dropped.release())
    making.leave.release()
    assert next(items) == 0
    making.wait_for(2)
    items.close()
    assert not making.is_closed.is_set()
    making.leave.release()
    assert dropped.acquire(timeout=LONG_S)
    assert making.is_closed.wait(LONG_S)
    assert making.begun == 2


def test_a_maker_sees_that_nobody_waits_any_more():
    stop, begun, ended = threading.Event(), threading.Event(), threading.Event()

    def waiting():
        yield 1
        begun.set()
        assert stop.wait(LONG_S)
        ended.set()
        raise KeyboardInterrupt

    items = ahead(waiting, 1, stop=stop, join_s=LONG_S)
    assert next(items) == 1
    assert begun.wait(LONG_S)
    items.close()
    assert ended.is_set()


def test_nothing_is_made_for_nobody():
    making = Making(3)
    items = ahead(making, 1)
    items.close()
    assert making.begun == 0
