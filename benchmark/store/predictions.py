"""The predicted class of every test image, kept beside a result. Imports numpy only when used."""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmark import reading
from benchmark.errors import ResultError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Predictions: TypeAlias = "Mapping[str, NDArray[Any]]"
"""(N,) whole numbers by protocol, with the true `labels` and, where there are any, `groups`."""

MAX_BYTES = 20 * 2**20
"""Of a file; predictions of ImageNet's 50,000 test images take 100 kB a protocol."""
MAX_UNPACKED = 64 * 2**20
MAX_ARRAYS = 64

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
_PREFIX = 10
"""Bytes before the header of an npy file of format 1.0."""
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<>|][iu][1248])', 'fortran_order': False, "
    rb"'shape': \(([0-9]{1,9}),\), \} *\n",
    re.DOTALL,
)
# what zipfile raises for archives that are cut, encrypted, or packed in ways unknown
_DAMAGE = (
    OSError, ValueError, EOFError, RuntimeError, NotImplementedError, LookupError, OverflowError,
    struct.error, zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip


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
    """Read an npz file of whole numbers; nothing in it is executed, and its sizes are bounded.

    Raises:
        ResultError: If it is missing or damaged.
    """
    try:
        content = reading.regular(path, MAX_BYTES)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: _array(archive, entry) for name, entry in _entries(archive).items()}
    except FileNotFoundError:
        raise ResultError(f"{path}: the predictions are missing; run the cell again") from None
    except _DAMAGE as error:
        raise ResultError(f"{path}: damaged predictions ({error}); run the cell again") from None


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the arrays of an archive by name, all of them of a size that may be unpacked."""
    listed = archive.infolist()
    if len(listed) > MAX_ARRAYS:
        raise ValueError(f"{len(listed)} arrays, at most {MAX_ARRAYS}")
    size = sum(entry.file_size for entry in listed)
    if size > MAX_UNPACKED:
        raise ValueError(f"{size} bytes when unpacked, at most {MAX_UNPACKED}")
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in listed:
        name = entry.filename.removesuffix(".npy")
        if not _NAME.fullmatch(name) or name in found:
            raise ValueError(f"an array called {entry.filename[:100]!r}")
        found[name] = entry
    return found


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """Return a one-dimensional array of whole numbers, in the one form in which numpy writes it."""
    import numpy as np

    data = archive.read(entry)
    header = _HEADER.match(data)
    if header is None:
        raise ValueError(f"{entry.filename} holds no plain list of whole numbers")
    start = _PREFIX + int.from_bytes(data[8:_PREFIX], "little")
    kind, count = np.dtype(header[1].decode()), int(header[2])
    if len(data) - start != count * kind.itemsize:
        raise ValueError(f"{entry.filename} does not hold the {count} numbers that it states")
    return np.frombuffer(data, kind, count, start)
