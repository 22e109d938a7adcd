"""An encoder's weights as a safetensors file: nothing in one is ever executed."""

from __future__ import annotations

import json
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from benchmark.errors import WeightsError

FORMAT = "1"
"""Of the metadata of the files that are written here."""


def pack(encoder: nn.Module, /, **facts: str) -> bytes:
    """Return a safetensors file of every weight and buffer, contiguous, on the CPU.

    Args:
        encoder: Whose state dict.
        facts: What the file's metadata say, beside its format.
    """
    tensors = {
        name: value.detach().cpu().contiguous() for name, value in encoder.state_dict().items()
    }
    # other readers of safetensors ask for `format: pt`
    return _ordered(
        safetensors.torch.save(tensors, {"format": "pt", "format_version": FORMAT, **facts})
    )


def _ordered(content: bytes) -> bytes:
    """Sort the header, which safetensors writes in any order: same weights, same bytes."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # as safetensors does, so that tensors are aligned
    return len(header).to_bytes(8, "little") + header + content[end:]


def unpack(path: Path, content: bytes) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name.

    Args:
        path: Where it lies, for the error.
        content: Of the file.

    Raises:
        WeightsError: If it is truncated or damaged.
    """
    try:
        return safetensors.torch.load(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise WeightsError(f"{path}: is a damaged safetensors file ({error})") from None
