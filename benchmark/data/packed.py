"""Images decoded once to a packed uint8 file, which is then mapped into memory.

A pack lies in the cache under the hash of what it was made from (paths, sizes and times of change),
so a changed folder is packed again; it is written under another name and renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from benchmark.data.folders import CACHE_VARIABLE, cache_root
from benchmark.errors import DataError

FORMAT = 1
"""Raised whenever the same files would give other pixels."""

Rows = NDArray[np.uint8]

_AHEAD = 256  # images decoded before they are written, so that memory stays small


@dataclass(frozen=True)
class Pack:
    """Images of equal size, and what they were made from."""

    images: Tensor
    """(N, 3, size, size) uint8, mapped."""
    sources_sha256: str
    """Of the paths and bytes of the files: the same on every machine."""


def mapped(path: Path, shape: tuple[int, ...]) -> Tensor:
    """Return a file's bytes as a uint8 tensor of a shape, read when they are used."""
    # mode c: torch warns of memory that cannot be written to; what is written stays in memory
    return torch.from_numpy(np.memmap(path, dtype=np.uint8, mode="c", shape=shape))


def decoded(content: bytes, path: Path, size: int) -> Rows:
    """Return the largest centred square of a picture at `size` pixels, (3, size, size) RGB.

    Bicubic, antialiased: scaling the shorter side to `size` and cropping the centre gives the same
    but for crops rounded to whole pixels.
    Grey, palette and CMYK pictures become RGB; an orientation tag is ignored, as torchvision does.

    Raises:
        DataError: It is no picture, or is cut short.
    """
    try:
        with Image.open(BytesIO(content)) as image:
            picture = image.convert("RGB")
    # Pillow's decoders raise all three for damaged bytes
    except (OSError, SyntaxError, ValueError) as error:
        reason = str(error).replace("\n", " ")
        raise DataError(
            f"{path} is no picture that can be read ({reason}); replace or delete the file"
        ) from None
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    square = picture.resize(
        (size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)
    )
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def pack(base: Path, paths: Sequence[str], size: int) -> Pack:
    """Return the pictures under a folder at `size` pixels, from the cache where it has them.

    Args:
        base: The folder.
        paths: Relative to it, with forward slashes, in the order of the result.
        size: Height and width, in pixels.

    Raises:
        DataError: A picture is damaged, or the cache cannot be written.
    """
    shape = (len(paths), 3, size, size)
    file = _place(base, paths, size)
    note = file.with_suffix(".json")
    if not _complete(file, note, shape):
        digest = hashlib.sha256(f"format {FORMAT}, {size} px".encode())
        write(file, _decode_all(base, paths, size, digest))
        write(note, [json.dumps({"shape": shape, "sources": digest.hexdigest()}).encode()])
    return Pack(mapped(file, shape), json.loads(note.read_text())["sources"])


def stacked(first: Tensor, second: Tensor, content: str) -> Tensor:
    """Return two sets of images as one mapped tensor, (N + M, 3, H, W); the copy is in the cache.

    Args:
        first: (N, 3, H, W) uint8.
        second: (M, 3, H, W) uint8.
        content: Hash of both, by which a copy is found again.
    """
    shape = (len(first) + len(second), *first.shape[1:])
    file = cache_root() / "packed" / f"{content[:32]}.uint8"
    if not file.exists() or file.stat().st_size != np.prod(shape, dtype=np.int64):
        rows = (
            images[start : start + _AHEAD].contiguous().numpy().tobytes()
            for images in (first, second)
            for start in range(0, len(images), _AHEAD)
        )
        write(file, rows)
    return mapped(file, shape)


def write(file: Path, parts: Iterable[bytes]) -> None:
    """Write a file whole or not at all.

    Raises:
        DataError: The disk is full, or the folder cannot be written.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as out:
            for part in parts:
                out.write(part)
        temporary.replace(file)
    except OSError as error:
        raise DataError(
            f"cannot write packed images to {file} ({error.strerror}); "
            f"make room, or name another folder in {CACHE_VARIABLE}"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def _place(base: Path, paths: Sequence[str], size: int) -> Path:
    """Return where a pack of these files lies."""
    key = hashlib.sha256(f"format {FORMAT}, {size} px, {base.resolve()}\n".encode())
    for path in paths:
        status = (base / path).stat()
        key.update(f"{path}\t{status.st_size}\t{status.st_mtime_ns}\n".encode())
    return cache_root() / "packed" / f"{key.hexdigest()[:32]}.uint8"


def _complete(file: Path, note: Path, shape: tuple[int, ...]) -> bool:
    try:
        same = tuple(json.loads(note.read_text())["shape"]) == shape
        return same and file.stat().st_size == np.prod(shape, dtype=np.int64)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _decode_all(
    base: Path, paths: Sequence[str], size: int, digest: hashlib._Hash
) -> Iterator[bytes]:
    """Yield the pixels of each picture, decoded by one thread a core; hash their sources."""

    def one(path: str) -> tuple[str, Rows]:
        content = (base / path).read_bytes()
        source = f"{path}\t{hashlib.sha256(content).hexdigest()}\n"
        return source, decoded(content, base / path, size)

    left = iter(paths)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while part := list(islice(left, _AHEAD)):
            for source, pixels in pool.map(one, part):
                digest.update(source.encode())
                yield pixels.tobytes()
