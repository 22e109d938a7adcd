"""What the tests of the datasets share: a cache of their own, and the real files where given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REAL = os.environ.get("CSLBENCH_DATA")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache folder that this test alone uses; no data root is named."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CSLBENCH_CACHE", str(folder))
    monkeypatch.delenv("CSLBENCH_DATA", raising=False)
    return folder


@pytest.fixture
def real_root() -> Path:
    """Return the folder of the real datasets."""
    if not REAL:
        pytest.skip("CSLBENCH_DATA names no folder of real datasets")
    return Path(REAL)
