"""The predicted class of every test image, kept beside a result. Imports numpy only when used."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmark.errors import ResultError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Predictions: TypeAlias = "Mapping[str, NDArray[Any]]"
"""(N,) whole numbers by protocol, with the true `labels` and, where there are any, `groups`."""


def digest(predictions: Predictions) -> str | None:
    """Return the SHA-256 of names, types, shapes and values; None where nothing was predicted.

    Not of the file: how well a zip library compresses is no part of a result.
    """
    if not predictions:
        return None
    sha = hashlib.sha256()
    for name in sorted(predictions):
        array = predictions[name]
        little = array.astype(array.dtype.newbyteorder("<"))
        sha.update(f"{name} {little.dtype.str} {little.shape}\n".encode())
        sha.update(little.tobytes())
    return sha.hexdigest()


def pack(predictions: Predictions) -> bytes:
    """Return a compressed npz file."""
    import numpy as np

    buffer = io.BytesIO()
    arrays: dict[str, Any] = dict(predictions)
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack(path: Path) -> Predictions:
    """Read an npz file; nothing in it is executed.

    Raises:
        ResultError: If it is missing or damaged.
    """
    import numpy as np

    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError:
        raise ResultError(f"{path}: the predictions are missing; run the cell again") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ResultError(f"{path}: damaged predictions ({error}); run the cell again") from None
