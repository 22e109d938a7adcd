"""Matrix files written by hand, for tests that change one key of a good one."""

from __future__ import annotations

from benchmark import yaml
from benchmark.errors import MatrixError
from benchmark.matrix.common import Defaults, Table
from benchmark.matrix.load import parse
from benchmark.matrix.model import Matrix

TABLE = Table(
    Defaults(
        optimizer="adamw", learning_rate=2e-3, weight_decay=1e-2, schedule="cosine",
        warmup_steps=500, batch=128,
    ),
    {"cifar10": 256, "imagenet": 256, "photos": 128},
)  # fmt: skip
"""One of our own, so that tuning the shipped one changes no test."""

BASE = {
    "name": "mine",
    "description": "a test",
    "methods": "[simclr]",
    "datasets": "[photos]",
    "encoders": "[compact]",
    "replicates": "1",
    "budget": "{images: 40000}",
    "training": "common",
    "protocols": "[linear]",
}
"""One key a line, so that key k stands in line k + 1."""


def text(**changes: str) -> str:
    """Write a matrix file; an empty text leaves a key out, a new key goes to the end."""
    keys = {key: value for key, value in (BASE | changes).items() if value}
    return "".join(f"{key}: {value}\n" for key, value in keys.items())


def matrix(written: str, table: Table = TABLE) -> Matrix:
    """Load a text."""
    return parse(yaml.parse(written, MatrixError, name="mine.yaml"), table)
