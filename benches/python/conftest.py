"""Fixtures of the benches: the inputs, sn7fast on one and two threads, and the race."""

import pytest

import inputs
from contender import Contender
from rows import ROWS
from sn7fast import get_num_threads, set_num_threads

# A contender is timed for about this long; those that need longer are timed once.
BUDGET_S = 4.0
MOST_ROUNDS = 300


def pytest_collection_modifyitems(items):
    for item in items:
        # Rivals may take half a minute a round.
        item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(params=[1, 2], ids=["1 thread", "2 threads"])
def threads(request):
    before = get_num_threads()
    set_num_threads(request.param)
    yield request.param
    set_num_threads(before)


@pytest.fixture
def race(benchmark):
    """Time a contender whose first answer has passed: ``race(contender, amount_bytes=None)``."""

    def run(contender, *, threads=None, amount_bytes=None):
        if benchmark.group not in ROWS:
            raise KeyError(f"group {benchmark.group!r} is not in rows.py")
        assert contender.answer is not None
        rounds = min(MOST_ROUNDS, max(1, int(BUDGET_S / contender.first_seconds)))
        benchmark.extra_info.update(
            contender=contender.name,
            part=contender.part,
            threads=threads,
            amount_bytes=amount_bytes,
            input=inputs.choose().source,
        )
        benchmark.pedantic(contender.call, rounds=rounds, iterations=1)

    return run


@pytest.fixture
def ours(race, threads):
    """Time sn7fast on the threads of this test: ``ours(call, check)``."""

    def run(call, check, *, amount_bytes=None):
        contender = Contender("sn7fast", call)
        check(contender.answer)
        race(contender, threads=threads, amount_bytes=amount_bytes)

    return run


@pytest.fixture(scope="session")
def frame():
    return inputs.frame()


@pytest.fixture(scope="session")
def truth():
    return inputs.stacks()[0]


@pytest.fixture(scope="session")
def proposal():
    return inputs.stacks()[1]
