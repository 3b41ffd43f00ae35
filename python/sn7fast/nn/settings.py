"""How to predict: tiles, passes, and what is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from sn7fast._arguments import whole_number
from sn7fast.errors import InputError

# An image whose network input has no longer side is taken whole; longer ones in tiles of 1024.
_WHOLE_PX, _TILE_PX = 1536, 1024
_CHOICES = {
    "stitch": ("blend", "mean"),
    "flips": ("none", "all"),
    "kind": ("probability", "logit"),
    "dtype": ("float32", "uint8"),
    "clouds": ("nodata", "keep"),
    "format": ("GTiff", "COG"),
}
# What does not change the numbers.
_NEUTRAL = ("batch", "memory_mb")


@dataclass(frozen=True, slots=True)
class PredictSettings:
    """How to predict.

    Attributes:
        tile: Side of the tiles that the network sees, in pixels of the image. None means the whole
            image, or about 1024 pixels of what the network takes if that is longer than 1536.
        overlap: Least overlap of neighbouring tiles, in pixels of the image; at most half a tile.
            None means an eighth of a tile.
        stitch: Where tiles overlap, ``blend`` lets one go over into the other, and ``mean`` takes
            their mean. The last tile is shifted back to end at the border.
        flips: ``all`` averages over the image and its three mirror images.
        kind: ``probability`` or ``logit``.
        dtype: ``float32``, with NaN where there is no data; or ``uint8``, for probabilities, with 0
            where there is no data and ``1 + 254 * p``, rounded, elsewhere.
        outputs: Which of the network's outputs are written, in this order; none means all.
        clouds: ``nodata``: pixels that are not valid have no data. ``keep``: they are predicted
            like all others.
        format: ``GTiff``, or ``COG``: a cloud-optimised one, with overviews.
        batch: Tiles that the network sees at a time.
        memory_mb: For images being read and answers being stitched; what the network itself needs
            depends on tile and batch.

    Raises:
        InputError: A value is out of range; the message starts with its name.
    """

    tile: int | None = None
    overlap: int | None = None
    stitch: str = "blend"
    flips: str = "none"
    kind: str = "probability"
    dtype: str = "float32"
    outputs: tuple[str, ...] = ()
    clouds: str = "nodata"
    format: str = "GTiff"
    batch: int = 1
    memory_mb: int = 512

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"{name}: got {getattr(self, name)!r}, wanted {' or '.join(allowed)}"
                )
        if self.tile is not None:
            whole_number("tile", self.tile, 8, 2**20)
        if self.overlap is not None:
            whole_number("overlap", self.overlap, 0, (self.tile or 2**20) // 2)
        whole_number("batch", self.batch, 1, 4096)
        whole_number("memory_mb", self.memory_mb, 16, 2**30)
        if isinstance(self.outputs, str):
            raise InputError(f"outputs: got the text {self.outputs!r}, wanted a sequence of names")
        object.__setattr__(self, "outputs", tuple(self.outputs))
        if self.dtype == "uint8" and self.kind == "logit":
            raise InputError("dtype: got uint8 for logits, wanted float32")

    @classmethod
    def baseline(cls, **changes: Any) -> PredictSettings:  # noqa: ANN401 - any attribute
        """As the baseline of SpaceNet 7: logits, tiles of 512 without overlap, clouds ignored."""
        settings = cls(tile=512, overlap=0, stitch="mean", kind="logit", clouds="keep")
        return replace(settings, **changes)

    def tile_for(self, shape_yx: tuple[int, int], input_scale: int) -> int:
        """Side of the tiles of an image, which may be longer than the image."""
        if self.tile is not None:
            return self.tile
        longest = max(shape_yx)
        return longest if longest * input_scale <= _WHOLE_PX else _TILE_PX // input_scale

    def overlap_for(self, tile: int) -> int:
        """Overlap of tiles of this side."""
        return min(tile // 8 if self.overlap is None else self.overlap, tile // 2)

    def numbers(self) -> dict[str, Any]:
        """The settings on which the numbers that are written depend."""
        return {name: value for name, value in asdict(self).items() if name not in _NEUTRAL}
