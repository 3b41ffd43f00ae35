"""Images to probabilities: the network's part of the way, in one call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sn7fast.data.catalog import Catalog
    from sn7fast.data.images import ImageSettings
    from sn7fast.data.manifest import Manifest
    from sn7fast.nn.model import Model
    from sn7fast.nn.predicting import Predicted, Progress
    from sn7fast.nn.settings import PredictSettings
    from sn7fast.nn.spec import ModelSpec


def load_model(
    weights: str | os.PathLike[str] = "default",
    *,
    spec: ModelSpec | None = None,
    backend: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    compiled: bool = False,
) -> Model:
    """A network from a file, ready for use.

    Args:
        weights: A file of weights (safetensors, or of ``torch.save``), an ONNX file, or
            ``default``: the network that comes with sn7fast.
        spec: What the network is, for files that do not tell; see `sn7fast.nn.spec.ModelSpec`. A
            file that does tell must agree.
        backend: ``torch`` for weights, ``onnxruntime`` for ONNX; ``auto`` goes by the file.
        device: ``cpu``, ``cuda``, ``cuda:1``, ...; ``auto`` is a GPU that the backend sees, else
            the CPU.
        precision: ``bfloat16``, ``float32``; ``auto`` is bfloat16 where the hardware has it. Only
            for torch.
        threads: Of the CPU; for torch they hold for the whole process.
        compiled: Let torch compile the network.

    Returns:
        Called with raw images (N, bands, rows, columns) it gives float32 (N, outputs, rows * scale,
        columns * scale); `predict` takes it, too.

    Raises:
        InputError: The file cannot be used, the backend does not run it, or the device is absent.
        MissingDependencyError: The backend is not installed.
    """
    from sn7fast.nn.model import load_model as load

    return load(
        weights,
        spec=spec,
        backend=backend,
        device=device,
        precision=precision,
        threads=threads,
        compiled=compiled,
    )


@overload
def predict(
    source: NDArray[Any],
    weights: str | os.PathLike[str] | Model | Sequence[str | os.PathLike[str] | Model] = ...,
    out: None = ...,
    *,
    valid: NDArray[np.bool_] | None = ...,
    settings: PredictSettings | None = ...,
    **changes: Any,  # noqa: ANN401 - settings
) -> NDArray[Any]: ...
@overload
def predict(
    source: str | os.PathLike[str] | Catalog | Manifest,
    weights: str | os.PathLike[str] | Model | Sequence[str | os.PathLike[str] | Model] = ...,
    out: str | os.PathLike[str] = ...,
    *,
    settings: PredictSettings | None = ...,
    image_settings: ImageSettings | None = ...,
    overwrite: bool = ...,
    progress: Progress | None = ...,
    **changes: Any,  # noqa: ANN401 - settings
) -> Predicted: ...


def predict(
    source: Any,
    weights: Any = "default",
    out: Any = None,
    *,
    valid: NDArray[np.bool_] | None = None,
    settings: PredictSettings | None = None,
    image_settings: ImageSettings | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    **changes: Any,
) -> Any:
    """What a network says of images: where buildings are.

    Args:
        source: Images: a folder in the layout of SpaceNet 7, a folder of rasters, one raster, the
            CSV of a manifest, or a catalog or manifest that is read already. Or an array (bands,
            rows, columns) or (N, bands, rows, columns).
        weights: A network, or several whose probabilities are averaged: files, or what `load_model`
            gave.
        out: Folder for the answers: one GeoTIFF an image, with a band for each output. Files that
            are there and whole are kept, so that a run that was stopped goes on where it was.
            Not for arrays.
        valid: bool (rows, columns) or (N, rows, columns), for arrays: which pixels have data.
        settings: How; see `sn7fast.nn.settings.PredictSettings`.
        image_settings: How to read rasters that are not of SpaceNet 7, where a manifest does not
            say.
        overwrite: Replace files that are there.
        progress: Is told how far the run is.
        changes: Attributes of the settings, such as ``tile=512`` or ``dtype="uint8"``.

    Returns:
        Of arrays float32 or uint8 (outputs, rows * scale, columns * scale), or N of them. Else the
        files written and kept, and the images that could not be used.

    Raises:
        InputError: The source, the weights or a setting cannot be used; or there are files in
            ``out`` that were made with others.
        MemoryError: There is too little; says which setting to lower.
        MissingDependencyError: rasterio, or the backend of the network, is not installed.
    """
    import numpy as np

    from sn7fast.errors import InputError
    from sn7fast.nn.ensemble import Ensemble
    from sn7fast.nn.model import Model, load_model
    from sn7fast.nn.predicting import predict_array, predict_source
    from sn7fast.nn.settings import PredictSettings

    try:
        wanted = replace(settings or PredictSettings(), **changes)
    except TypeError as error:
        raise InputError(f"settings: {error}") from error
    given = weights if isinstance(weights, list | tuple) else [weights]
    models = tuple(one if isinstance(one, Model) else load_model(one) for one in given)
    ensemble = Ensemble(models, wanted)
    if isinstance(source, np.ndarray):
        if out is not None:
            raise InputError(
                "out: got a folder for an array, whose answer is returned; wanted None"
            )
        return predict_array(source, ensemble, valid)
    if out is None:
        raise InputError("out: got None, wanted a folder for the answers")
    if valid is not None:
        raise InputError("valid: got an array, but the source is no array and tells it itself")
    return predict_source(
        source,
        ensemble,
        out,
        image_settings=image_settings,
        overwrite=overwrite,
        progress=progress,
    )
