"""The recipe of a training run: everything that decides what comes out.

The defaults are what one would use; ``training/baseline.yaml`` sets each switch to what the
SpaceNet 7 baseline really did.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sn7fast.data.prep import CHANNELS
from sn7fast.settings import Settings

Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
FromZero = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Model(Settings):
    """Which network.

    Attributes:
        name: ``xdxd``, ``small``, ``smp:NAME`` or ``module:callable``; see `sn7fast.nn.build`.
        options: Of that network, such as its width.
        resampling: How the image is enlarged where ``data.scale`` is not 1: ``nearest``,
            ``bilinear``, ``cubic``, or ``network``, which leaves it to the network. None means
            what suits the network.
        multiple: Of networks that are not ours: what rows and columns must be multiples of.
        weights: File of weights to start from; None means random ones from the seed.
    """

    name: str = "small"
    options: dict[str, Any] = Field(default_factory=dict)
    resampling: Literal["nearest", "bilinear", "cubic", "network"] | None = None
    multiple: Annotated[int, Field(ge=1)] = 32
    weights: str | None = None


class Split(Settings):
    """Which images to validate with.

    Attributes:
        by: ``aoi``, or ``image`` as in the baseline, which shows the network months of the same
            houses on both sides.
        name: A named split of `sn7fast.data.splits`, instead of a random one.
        validation: AOIs to validate with, instead of a random share.
        fraction: Share to validate with; 0 trains on all and validates on the same, which is only
            good to see whether a network can learn by heart.
        seed: Of the draw.
    """

    by: Literal["aoi", "image"] = "aoi"
    name: str | None = None
    validation: tuple[str, ...] | None = None
    fraction: Annotated[float, Field(ge=0, lt=1)] = 0.1
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.name is not None and self.validation is not None:
            raise ValueError("name and validation are two ways to split, wanted one")
        if self.by == "image" and (self.name is not None or self.validation is not None):
            raise ValueError("a split by image is by fraction, wanted no name and no validation")
        return self


class Data(Settings):
    """What to train on.

    Attributes:
        prepared: Folder that ``sn7fast prep`` wrote.
        cache: Folder for the decoded pixels; None means beside the results. Several runs can
            share it.
        channels: Bands of the masks to learn, in this order.
        scale: Enlargement, 1 to 4: that of the masks. The image is enlarged by it.
        ignore_masked: Pixels under cloud count neither in the loss nor in the figures. The baseline
            takes them for background.
        normalise: ``raw`` feeds 0 to 255, as the baseline does; ``data`` feeds zero mean and unit
            deviation over the training images, which go along with the weights.
        split: What to validate with.
    """

    prepared: str
    cache: str | None = None
    channels: tuple[Literal["footprint", "boundary", "contact"], ...] = ("footprint",)
    scale: Annotated[int, Field(ge=1, le=4)] = 1
    ignore_masked: bool = True
    normalise: Literal["raw", "data"] = "data"
    split: Split = Split()

    @model_validator(mode="after")
    def _footprint_first(self) -> Self:
        if not self.channels or self.channels[0] != "footprint":
            raise ValueError("channels: wanted footprint first: the figures are about it")
        if len(set(self.channels)) < len(self.channels):
            raise ValueError(f"channels: wanted each of {', '.join(CHANNELS)} once")
        return self


class Augment(Settings):
    """Random changes of the training crops; the defaults change nothing.

    Attributes:
        flip_x: Chance of a mirror image, left and right.
        flip_y: The same, top and bottom.
        rotate90: Chance of a rotation by 0, 90, 180 or 270 degrees, each as likely.
        brightness: A value from minus to plus this is added, in units of 0 to 255.
        contrast: Differences from the mean are scaled by up to exp(plus or minus this).
        gamma: Exponent exp(plus or minus this) over 0 to 255.
        colour: The same as brightness, for each band by itself.
        saturation: Differences from grey are scaled by exp(plus or minus this).
        noise: Standard deviation, at most, of noise on each pixel, in units of 0 to 255.
        grain: The same of noise that neighbouring pixels share, as resampling and compression leave
            it; each band has some of its own.
        blur: Widest Gaussian blur (its sigma, in pixels of the image).
        sharpen: Strongest sharpening: share of the difference to a blurred image that is added.
        haze: Strongest mix with a bright, even tone.
    """

    flip_x: Probability = 0.0
    flip_y: Probability = 0.0
    rotate90: Probability = 0.0
    brightness: FromZero = 0.0
    contrast: FromZero = 0.0
    gamma: FromZero = 0.0
    colour: FromZero = 0.0
    saturation: FromZero = 0.0
    noise: FromZero = 0.0
    grain: FromZero = 0.0
    blur: FromZero = 0.0
    sharpen: FromZero = 0.0
    haze: Probability = 0.0


class Crops(Settings):
    """What is cut from an image.

    Attributes:
        size: Side in pixels of the mask; a multiple of the scale.
        per_image: Random crops of each training image in an epoch.
        building_centred: Share of the random crops that have a building pixel in the middle.
        validation: ``centre`` takes one crop of each image, as the baseline does; ``grid`` takes
            all that fit beside each other (the last row and column of them moved back to the
            edge).
        training: ``random``, or ``grid``, which trains on the crops of the grid alone.
    """

    size: Annotated[int, Field(ge=8)] = 512
    per_image: Count = 1
    building_centred: Probability = 0.0
    validation: Literal["centre", "grid"] = "grid"
    training: Literal["random", "grid"] = "random"


class LossTerm(Settings):
    """One summand of the loss; see `sn7fast.nn.training.losses`.

    Attributes:
        name: Which.
        weight: Factor.
        gamma: Of the focal loss.
    """

    name: Literal["bce", "jaccard", "dice", "focal"]
    weight: Positive = 1.0
    gamma: FromZero = 2.0


class Loss(Settings):
    """The loss.

    Attributes:
        terms: Summands.
        channel_weights: Factor of each channel; None means 1 for all. They are scaled to the sum 1.
        gap_weight: How much a pixel between houses in contact counts in the footprint channel. Such
            gaps are few, and a house that is joined to its neighbour is lost.
    """

    terms: Annotated[tuple[LossTerm, ...], Field(min_length=1)] = (
        LossTerm(name="bce"),
        LossTerm(name="dice"),
    )
    channel_weights: tuple[Positive, ...] | None = None
    gap_weight: Positive = 1.0


class Optimiser(Settings):
    """How steps are taken.

    Attributes:
        name: Which.
        lr: Learning rate.
        weight_decay: Decoupled for adamw, in the gradient for the others.
        betas: Of adam and adamw.
        eps: Of adam and adamw.
        momentum: Of sgd.
        clip: Largest norm of the gradient; None leaves it.
    """

    name: Literal["adam", "adamw", "sgd"] = "adamw"
    lr: Positive = 1e-3
    weight_decay: FromZero = 1e-4
    betas: tuple[Probability, Probability] = (0.9, 0.999)
    eps: Positive = 1e-8
    momentum: Probability = 0.9
    clip: Positive | None = None


class Schedule(Settings):
    """The learning rate over time.

    Attributes:
        name: ``constant``, ``multistep`` (times gamma after each milestone), or ``cosine`` (down
            to ``final`` times lr at the last step).
        milestones: Epochs.
        gamma: Factor.
        final: Share of lr that is left in the end.
        warmup_epochs: Time in which it rises from 0, may be a fraction.
    """

    name: Literal["constant", "multistep", "cosine"] = "cosine"
    milestones: tuple[Count, ...] = ()
    gamma: Positive = 0.1
    final: Probability = 0.01
    warmup_epochs: FromZero = 0.0


class Compute(Settings):
    """How it is computed, which changes results in the last digits only.

    Attributes:
        device: ``auto`` means CUDA if it is there.
        precision: ``bf16`` computes in bfloat16 where torch deems it safe; weights stay float32.
        channels_last: Memory format.
        compile: Use torch.compile.
        workers: Processes that cut and change crops; 0 means none beside this one.
        threads: CPU threads of torch; None leaves it to torch.
    """

    device: str = "auto"
    precision: Literal["fp32", "bf16"] = "fp32"
    channels_last: bool = True
    compile: bool = False
    workers: Annotated[int, Field(ge=0)] = 0
    threads: Count | None = None


class Checkpoints(Settings):
    """What is kept.

    Attributes:
        best_by: Figure that says which epoch is best: least val_loss or highest val_iou.
        every_steps: Save within epochs too, after so many steps; None means at their ends alone.
        keep_improvements: Keep the weights of each epoch that was best in its time, as the
            baseline does.
    """

    best_by: Literal["val_loss", "val_iou"] = "val_iou"
    every_steps: Count | None = None
    keep_improvements: bool = False


class Recipe(Settings):
    """A training run.

    Attributes:
        name: Of the results.
        seed: Of weights, crops and changes. The same seed gives the same run on a CPU.
        model: Which network.
        data: What to train on.
        crops: What is cut from an image.
        augment: Random changes of the crops.
        loss: What is made small.
        optimiser: How steps are taken.
        schedule: The learning rate over time.
        batch: Crops for one pass.
        accumulate: Passes for one step.
        epochs: At most.
        patience: Stop after so many epochs in a row with a val_loss above the best; None never
            stops.
        ema: Decay for each step of the moving average of the weights, which is then what is
            validated and kept; None keeps the weights themselves.
        compute: How it is computed.
        checkpoints: What is kept.
    """

    name: str = "training"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    model: Model = Model()
    data: Data
    crops: Crops = Crops()
    augment: Augment = Augment()
    loss: Loss = Loss()
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Schedule()
    batch: Count = 8
    accumulate: Count = 1
    epochs: Count = 100
    patience: Count | None = None
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    compute: Compute = Compute()
    checkpoints: Checkpoints = Checkpoints()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.crops.size % self.data.scale:
            raise ValueError(
                f"crops.size: got {self.crops.size}, wanted a multiple of data.scale, "
                f"which is {self.data.scale}"
            )
        weights = self.loss.channel_weights
        if weights is not None and len(weights) != len(self.data.channels):
            raise ValueError(
                f"loss.channel_weights: got {len(weights)}, wanted {len(self.data.channels)}, one "
                "for each of data.channels"
            )
        if self.loss.gap_weight != 1 and "contact" not in self.data.channels:
            raise ValueError("loss.gap_weight: wanted contact among data.channels, or 1")
        return self
