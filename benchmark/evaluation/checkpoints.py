"""Checkpoints from strangers: tensors by dotted name, and nothing in the file is executed."""

from __future__ import annotations

import hashlib
import io
import stat
import string
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmark.errors import WeightsError
from benchmark.evaluation import weights

MAX_BYTES = 8 * 2**30
"""A ResNet-50 four times as wide has 1.5 GB."""
MAX_TENSORS = 20_000
_DEEPEST = 6
"""Mappings in mappings that are looked into: `state_dict` in `model` in a trainer's own."""
_LONGEST_REASON = 200
_SAVE = "save its state dict alone with torch.save, or as safetensors"
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
"""What the files of today's torch and those of pickle begin with."""
_TEXT, _HEAD = frozenset(string.printable.encode()), 64
"""Bytes of a text, and how many are looked at."""


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds."""

    path: Path
    sha256: str
    """Of the file."""
    tensors: Mapping[str, Tensor]
    """By dotted name, the names of the mappings around them included."""


def read(path: Path) -> Checkpoint:
    """Read a safetensors file, or a file of `torch.save` that holds tensors and plain values only.

    Raises:
        WeightsError: In words, with the path in front.
    """
    content = _content(path)
    found = weights.unpack(path, content) if _is_safetensors(content) else _torch(path, content)
    tensors: dict[str, Tensor] = {}
    for name, tensor in _flattened(found, "", _DEEPEST, set()):
        tensors[name] = tensor
        if len(tensors) > MAX_TENSORS:
            raise WeightsError(f"{path}: holds more than {MAX_TENSORS} tensors")
    if not tensors:
        raise WeightsError(f"{path}: holds no tensor by name (a state dict has one a weight)")
    return Checkpoint(path, hashlib.sha256(content).hexdigest(), tensors)


def _content(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise WeightsError(f"{path}: is no file")
        if found.st_size > MAX_BYTES:
            size = f"{found.st_size / 2**30:.1f} GB, at most {MAX_BYTES / 2**30:.0f} GB"
            raise WeightsError(f"{path}: is too large for an encoder ({size})")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise WeightsError(f"{path}: cannot be read ({reason or error})") from None


def _is_safetensors(content: bytes) -> bool:
    """Say whether this is one: the length of a header in 8 bytes, then the header, JSON."""
    return content[8:9] == b"{"


def _torch(path: Path, content: bytes) -> Any:
    """Load a file of `torch.save` by torch's restricted unpickler."""
    _refuse_inflated(path, content)
    try:
        with warnings.catch_warnings():  # about tensors that are passed over afterwards
            warnings.simplefilter("ignore")
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a stranger's bytes raise is their fault
        raise WeightsError(f"{path}: {_reason(content, error)}") from None


def _reason(content: bytes, error: Exception) -> str:
    """Say what the file is; torch's own advice is to load it again and execute what it holds."""
    said = " ".join(str(error).split())
    advises = "weights_only" in said
    if not content:
        return "is empty"
    if content.startswith(_ZIP) and not zipfile.is_zipfile(io.BytesIO(content)):
        return "is a zip file without its end: cut short, or damaged"
    if "TorchScript" in said:
        return f"is a TorchScript program; {_SAVE}"
    if "global" in said.lower() or (advises and content.startswith(_PICKLE)):
        return f"holds Python objects other than tensors; {_SAVE}"
    if isinstance(error, EOFError):
        what = "it ends too early"
    elif set(content[:_HEAD]) <= _TEXT:
        what = "it is a text"
    elif advises or isinstance(error, LookupError):  # a lookup's words are the key alone
        what = "its content is of another kind, or damaged"
    else:
        what = said[:_LONGEST_REASON] or type(error).__name__
    return f"is neither a safetensors file nor a state dict saved by torch ({what})"


def _refuse_inflated(path: Path, content: bytes) -> None:
    """Refuse a zip that is small here and large in memory; torch's own are not compressed."""
    try:
        if not zipfile.is_zipfile(io.BytesIO(content)):
            return
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path}: is a damaged zip file ({error})") from None
    if size > len(content):
        raise WeightsError(
            f"{path}: is a compressed zip of {size} bytes; torch saves its files uncompressed"
        )


def _flattened(found: Any, name: str, depth: int, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    """Yield every plain tensor with its dotted name; a mapping that holds itself is met once."""
    if isinstance(found, Tensor):
        if name and _is_plain(found):
            yield name, found.detach()
    elif isinstance(found, Mapping) and depth and id(found) not in seen:
        seen.add(id(found))
        for key, value in found.items():
            if isinstance(key, str):
                inner = f"{name}.{key}" if name else key
                yield from _flattened(value, inner, depth - 1, seen)


def _is_plain(tensor: Tensor) -> bool:
    """Say whether its shape means what it says: no sparse, nested, quantised or empty shell."""
    return (
        tensor.layout is torch.strided
        and not tensor.is_nested
        and not tensor.is_quantized
        and tensor.device.type == "cpu"
    )
