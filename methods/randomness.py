"""Randomness as a function: every draw is computed from what it is for, never from a stream.

A draw is named by (replicate, purpose) and counted by integers such as (step,) or (epoch, sample,
view). The same names and counters give the same bits on every device, at any worker count, in any
order, so a resumed run needs no generator state and adding a cell never reshuffles another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor

# SplitMix64's increment and multipliers as signed 64-bit integers; int64 tensors wrap around.
# Source: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
_GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)
_MULTIPLY_1 = 0xBF58476D1CE4E5B9 - (1 << 64)
_MULTIPLY_2 = 0x94D049BB133111EB - (1 << 64)


def key(replicate: int, purpose: str) -> int:
    """Hash (replicate, purpose) to a signed 64-bit key."""
    digest = hashlib.blake2b(f"{replicate}/{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _shift(x: Tensor, places: int) -> Tensor:
    """Shift right without the sign: torch's `>>` on int64 is arithmetic."""
    return (x >> places) & ((1 << (64 - places)) - 1)


def _mix(x: Tensor) -> Tensor:
    x = (x ^ _shift(x, 30)) * _MULTIPLY_1
    x = (x ^ _shift(x, 27)) * _MULTIPLY_2
    return x ^ _shift(x, 31)


def bits(key: int, *counters: Tensor) -> Tensor:
    """Return 64 random bits for each element of the broadcast counters, as int64."""
    state = torch.as_tensor(key, dtype=torch.int64, device=counters[0].device)
    for counter in counters:
        state = _mix((state ^ _mix((counter.to(torch.int64) + 1) * _GOLDEN)) + _GOLDEN)
    return state


def uniform(key: int, *counters: Tensor) -> Tensor:
    """Return float32 numbers in [0, 1), multiples of 2**-24, one for each broadcast counter."""
    return _shift(bits(key, *counters), 40).to(torch.float32) * 2.0**-24


def permutation(key: int, n: int) -> Tensor:
    """Return a random order of 0..n-1, (n,) int64."""
    return torch.argsort(bits(key, torch.arange(n)), stable=True)


@dataclass(frozen=True)
class Draws:
    """A place to draw from: a key and the counters of each row."""

    replicate: int
    purpose: str
    counters: tuple[Tensor, ...]
    """Integers, broadcastable to one shape (...,): a step, or (epoch, sample) of B images."""

    def named(self, purpose: str) -> Draws:
        """Return the draws of one purpose within this one, independent of its siblings."""
        return replace(self, purpose=f"{self.purpose}/{purpose}")

    def bits(self, count: int) -> Tensor:
        """Return (..., count) random int64."""
        columns = torch.arange(count, device=self.counters[0].device)
        rows = (counter.unsqueeze(-1) for counter in self.counters)
        return bits(key(self.replicate, self.purpose), *rows, columns)

    def uniform(self, count: int) -> Tensor:
        """Return (..., count) numbers in [0, 1), float32."""
        return _shift(self.bits(count), 40).to(torch.float32) * 2.0**-24

    def integers(self, count: int, high: int) -> Tensor:
        """Return (..., count) integers in [0, high), int64; the bias is below high / 2**63."""
        return _shift(self.bits(count), 1) % high


@contextmanager
def seeded(replicate: int, purpose: str) -> Iterator[None]:
    """Seed torch's own CPU generator inside the block, for code that draws for itself."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key(replicate, purpose))
        yield
