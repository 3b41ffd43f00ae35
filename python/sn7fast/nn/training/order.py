"""In which order crops come, also after an interruption and on several processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch.utils.data import Sampler

if TYPE_CHECKING:
    from collections.abc import Iterator


class Batches(Sampler[list[tuple[int, int]]]):
    """The names of the crops of each batch of one epoch, for one of several processes.

    Args:
        count: Number of crops.
        batch: Size of a batch, for this process alone.
        seed: Of the shuffling; None keeps the order.
        rank: Number of this process.
        world: Number of processes. Each gets as many crops: the first ones come again at the end
            if need be, but only if the order is shuffled.

    Attributes:
        epoch: Which; to be set before going through the batches.
        first: Number of the batch to begin with.
    """

    def __init__(
        self, count: int, batch: int, *, seed: int | None, rank: int = 0, world: int = 1
    ) -> None:
        self._count, self._batch, self._seed = count, batch, seed
        self._rank, self._world = rank, world
        self.epoch, self.first = 0, 0

    def __len__(self) -> int:
        """Number of batches of a whole epoch."""
        return -(-len(self._mine()) // self._batch)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        yield from self.names()[self.first :]

    def names(self) -> list[list[tuple[int, int]]]:
        """All batches of the epoch, from the first on."""
        names = [(self.epoch, index) for index in self._mine()]
        return [names[start : start + self._batch] for start in range(0, len(names), self._batch)]

    def _mine(self) -> list[int]:
        if self._seed is None:
            return list(range(self._rank, self._count, self._world))
        # A stream of its own: index -1 cannot be that of a crop, nor can a third number.
        order = np.random.default_rng([self._seed, self.epoch, 0, 1]).permutation(self._count)
        order = np.resize(order, -(-self._count // self._world) * self._world)
        return [int(index) for index in order[self._rank :: self._world]]
