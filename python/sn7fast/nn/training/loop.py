"""The training loop: epochs of steps, validation, what is kept, and when to stop."""

from __future__ import annotations

import math
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from sn7fast.errors import InputError
from sn7fast.nn.pixels import normalise
from sn7fast.nn.training.checkpoint import (
    Progress,
    differences,
    load_checkpoint,
    save_checkpoint,
)
from sn7fast.nn.training.ema import Ema
from sn7fast.nn.training.figures import Figures
from sn7fast.nn.training.journal import Journal
from sn7fast.nn.training.losses import SumOfLosses
from sn7fast.nn.training.order import Batches
from sn7fast.nn.training.schedule import learning_rate, optimiser_of
from sn7fast.nn.weights import save_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from sn7fast.nn.spec import ModelSpec
    from sn7fast.nn.training.crops import Crops
    from sn7fast.nn.training.recipe import Recipe

CHECKPOINT, BEST, LAST = "checkpoint.pt", "best.safetensors", "last.safetensors"


class Trainer:
    """One run, in one folder.

    Args:
        recipe: What to do.
        spec: Of the network.
        network: To train.
        training: Crops to train on.
        validation: Crops to validate with.
        folder: Where results go; it is there.
        place: Rank, number of processes and device.
        bar: Wraps the batches of an epoch to show how far it is; is given their number and what
            they are for. What it returns may have ``set_postfix_str``.
        say: Takes a line after each epoch.
    """

    def __init__(
        self,
        recipe: Recipe,
        spec: ModelSpec,
        network: nn.Module,
        training: Crops,
        validation: Crops,
        folder: Path,
        place: tuple[int, int, torch.device],
        *,
        bar: Callable[[Iterable[Any], int, str], Any],
        say: Callable[[str], None],
    ) -> None:
        self._recipe, self._spec, self._folder = recipe, spec, folder
        self._rank, self._world, self._device = place
        self._bar, self._say = bar, say
        self._training, self._validation = training, validation
        compute = recipe.compute
        torch.backends.cudnn.benchmark = self._device.type == "cuda"
        self._format = torch.channels_last if compute.channels_last else torch.contiguous_format
        self._network = network.to(self._device).to(memory_format=self._format)
        self._optimiser = optimiser_of(recipe.optimiser, self._network)
        self._ema = None if recipe.ema is None else Ema(self._network, recipe.ema)
        self._loss = SumOfLosses(recipe.loss, recipe.data.channels)
        self._progress = Progress()
        self._resume()
        runner: nn.Module = self._network
        if self._world > 1:
            ids = [self._device.index] if self._device.type == "cuda" else None
            runner = DistributedDataParallel(runner, device_ids=ids)
        self._runner: Callable[[Tensor], Tensor] = (
            torch.compile(runner) if compute.compile else runner
        )
        self._order = Batches(
            len(training), recipe.batch, seed=recipe.seed, rank=self._rank, world=self._world
        )
        self._val_order = Batches(
            len(validation), recipe.batch, seed=None, rank=self._rank, world=self._world
        )
        self._loader = self._load(training, self._order)
        self._val_loader = self._load(validation, self._val_order)
        self._steps_per_epoch = -(-len(self._order) // recipe.accumulate)

    def run(self) -> Progress:
        """Train to the end, or from where a checkpoint is to the end.

        Raises:
            InputError: The loss is NaN or infinite; says where, and the last checkpoint stays.
            OSError: A file cannot be written; the last checkpoint stays.
        """
        progress = self._progress
        if progress.done:
            return progress
        journal = Journal(self._folder, progress.epoch) if self._rank == 0 else None
        try:
            if journal:
                kind = "resume" if progress.step else "start"
                journal.event(kind, {"epoch": progress.epoch, "batch": progress.batch})
            while not progress.done:
                self._epoch(journal)
            if journal:
                journal.event("end", {"epochs": progress.epoch, "best_epoch": progress.best_epoch})
        finally:
            if journal:
                journal.close()
        return progress

    def _epoch(self, journal: Journal | None) -> None:
        progress, epoch = self._progress, self._progress.epoch
        start = perf_counter()
        already = progress.batch
        figures = self._train()
        seconds = perf_counter() - start
        crops = sum(map(len, self._order.names()[already:])) * self._world
        validated = self._validate()
        self._check("val_loss", validated.loss)
        row = {
            "epoch": epoch,
            "step": progress.step,
            "lr": learning_rate(self._recipe, progress.step - 1, self._steps_per_epoch),
            "loss": figures.loss,
            "iou": figures.iou[0],
            "val_loss": validated.loss,
            "val_iou": validated.iou[0],
        }
        others = zip(self._recipe.data.channels[1:], validated.iou[1:], strict=True)
        row |= {f"val_iou_{channel}": iou for channel, iou in others}
        improved = self._judge(row)
        progress.history.append(row)
        progress.epoch, progress.batch, progress.sums = epoch + 1, 0, []
        progress.done = progress.epoch >= self._recipe.epochs or self._is_out_of_patience()
        if self._rank == 0:
            self._keep(improved)
        speed = {"images_per_s": crops / seconds, "seconds": perf_counter() - start}
        if journal:
            journal.epoch(progress.history, speed)
        self._say(
            f"epoch {epoch + 1}/{self._recipe.epochs}  loss {row['loss']:.4f}  iou {row['iou']:.4f}"
            f"  val_loss {row['val_loss']:.4f}  val_iou {row['val_iou']:.4f}"
            f"  {speed['images_per_s']:.1f} images/s{'  best' if improved else ''}"
        )

    def _train(self) -> Figures:
        """The batches of an epoch that are not done yet; figures of all of them."""
        progress, recipe = self._progress, self._recipe
        figures = Figures(len(recipe.data.channels), self._device)
        if progress.sums and self._rank == 0:
            figures.restore(progress.sums)
        self._order.epoch, self._order.first = progress.epoch, progress.batch
        self._network.train()
        every = recipe.checkpoints.every_steps
        label = f"epoch {progress.epoch + 1}"
        bar = self._bar(self._loader, len(self._order) - progress.batch, label)
        start, seen = perf_counter(), 0
        names = self._order.names()
        count = len(names)
        for batch in bar:
            first = progress.batch - progress.batch % recipe.accumulate
            share = 1 / min(recipe.accumulate, count - first)
            loss, logits, target, counts = self._forward(self._runner, batch)
            self._check("loss", float(loss.detach()), names[progress.batch])
            torch.autograd.backward(loss * share)
            figures.add(loss, logits, target, counts)
            progress.batch += 1
            seen += len(logits)
            if progress.batch % recipe.accumulate == 0 or progress.batch == count:
                self._step()
                if every and progress.step % every == 0 and progress.batch < count:
                    progress.sums = figures.total()
                    if self._rank == 0:
                        self._save()
            if hasattr(bar, "set_postfix_str"):
                rate = seen * self._world / (perf_counter() - start)
                bar.set_postfix_str(
                    f"loss {figures.loss:.4f}, iou {figures.iou[0]:.3f}, {rate:.1f} images/s",
                    refresh=False,
                )
        figures.add_up()
        return figures

    def _step(self) -> None:
        recipe, progress = self._recipe, self._progress
        if recipe.optimiser.clip is not None:
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), recipe.optimiser.clip)
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(recipe, progress.step, self._steps_per_epoch)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        progress.step += 1
        if self._ema is not None:
            self._ema.update(self._network)

    @torch.no_grad()
    def _validate(self) -> Figures:
        figures = Figures(len(self._recipe.data.channels), self._device)
        network = self._kept().eval()
        for batch in self._bar(self._val_loader, len(self._val_order), "validation"):
            figures.add(*self._forward(network, batch))
        figures.add_up()
        return figures

    def _forward(
        self, network: Callable[[Tensor], Tensor], batch: tuple[Tensor, Tensor, Tensor]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Loss, logits, target and which pixels count."""
        image, target, counts = (part.to(self._device, non_blocking=True) for part in batch)
        image = normalise(self._spec, image).contiguous(memory_format=self._format)
        bf16 = self._recipe.compute.precision == "bf16"
        with torch.autocast(self._device.type, torch.bfloat16, enabled=bf16):
            logits = network(image)
        logits = logits.float()
        loss = self._loss(logits, target.float(), counts.float())
        return loss, logits, target, counts

    def _check(self, what: str, loss: float, names: Sequence[tuple[int, int]] = ()) -> None:
        """Stop at a loss that is no number."""
        if math.isfinite(loss):
            return
        progress = self._progress
        where = f"epoch {progress.epoch + 1}"
        if names:
            images = sorted({self._training.describe(index) for _, index in names})
            where += f", batch {progress.batch + 1}, with crops of {', '.join(images)}"
        last = self._folder / CHECKPOINT
        kept = f"the checkpoint before it stays in {last}" if last.exists() else "nothing was saved"
        raise InputError(
            f"the {what} is {loss} in {where}; {kept}; lower optimiser.lr, or set optimiser.clip"
        )

    def _judge(self, row: dict[str, float]) -> bool:
        """Note the figures of an epoch; True if it is the best so far."""
        progress = self._progress
        if progress.least_loss is not None and row["val_loss"] > progress.least_loss:
            progress.worse += 1
        else:
            progress.least_loss, progress.worse = row["val_loss"], 0
        name = self._recipe.checkpoints.best_by
        sign = -1 if name == "val_loss" else 1
        if progress.best is not None and sign * row[name] <= sign * progress.best:
            return False
        progress.best, progress.best_epoch = row[name], int(row["epoch"])
        return True

    def _is_out_of_patience(self) -> bool:
        patience = self._recipe.patience
        return patience is not None and self._progress.worse >= patience

    def _keep(self, improved: bool) -> None:
        """Weights first: if the checkpoint is not reached, the epoch is done again, alike."""
        progress = self._progress
        network, row = self._kept(), progress.history[-1]
        info = {"recipe": self._recipe.name, "seed": self._recipe.seed, "figures": row}
        spec = replace(self._spec, info={**self._spec.info, "training": info})
        if improved:
            save_weights(self._folder / BEST, network, spec)
            if self._recipe.checkpoints.keep_improvements:
                name = f"best_epoch{int(row['epoch'])}_{progress.best:.3f}.safetensors"
                save_weights(self._folder / name, network, spec)
        save_weights(self._folder / LAST, network, spec)
        self._save()

    def _kept(self) -> nn.Module:
        """The network that is validated and kept."""
        return self._network if self._ema is None else self._ema.network

    def _save(self) -> None:
        states = {
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "random": torch.get_rng_state(),
        }
        if self._ema is not None:
            states |= {"ema": self._ema.network.state_dict(), "ema_steps": self._ema.steps}
        recipe = self._recipe.model_dump(mode="json")
        save_checkpoint(self._folder / CHECKPOINT, self._progress, recipe, states)

    def _resume(self) -> None:
        path = self._folder / CHECKPOINT
        if not path.exists():
            return
        progress, recipe, states = load_checkpoint(path)
        odd = differences(recipe, self._recipe.model_dump(mode="json"))
        if odd:
            raise InputError(
                f"{path}: is of another recipe: {'; '.join(odd)}; choose another folder, or add "
                "--overwrite to begin anew"
            )
        self._network.load_state_dict(states["network"])
        self._optimiser.load_state_dict(states["optimiser"])
        torch.set_rng_state(states["random"])
        if self._ema is not None:
            self._ema.network.load_state_dict(states["ema"])
            self._ema.steps = states["ema_steps"]
        self._progress = progress
        if not progress.done:
            self._say(f"goes on in epoch {progress.epoch + 1}, after batch {progress.batch}")

    def _load(self, crops: Crops, order: Batches) -> DataLoader[Any]:
        workers = self._recipe.compute.workers
        return DataLoader(
            crops,
            batch_sampler=order,
            num_workers=workers,
            pin_memory=self._device.type == "cuda",
            persistent_workers=workers > 0,
        )
