"""One way to do a job, with its first result kept for comparing answers."""

import time
from functools import cached_property


class Contender:
    """A named call.

    Args:
        name: Shown in reports.
        call: Does the job and returns the answer.
        part: What it does if it does less than the whole job, such as "labels only".
    """

    def __init__(self, name, call, part=""):
        self.name, self.call, self.part = name, call, part
        self.first_seconds = None

    @cached_property
    def answer(self):
        """The result of the first call, which also warms up."""
        start = time.perf_counter()
        result = self.call()
        self.first_seconds = time.perf_counter() - start
        return result
