"""The hash of named tensors: of weights in a result, of a checkpoint's content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor


@torch.no_grad()
def sha256(tensors: Mapping[str, Tensor]) -> str:
    """Hash every tensor's name, type, shape and content, contiguous, in the mapping's order."""
    digest = hashlib.sha256()
    for name, value in tensors.items():
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(
            value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        )
    return digest.hexdigest()
