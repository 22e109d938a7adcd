"""Where datasets are looked for, and checksums that are not computed twice."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from benchmark.data import digests
from benchmark.data.folders import data_root, find
from benchmark.errors import DataError


def test_the_root_is_the_argument_then_the_variable_then_the_cache(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The more explicit wins."""
    assert data_root(None) == cache / "data"
    monkeypatch.setenv("CSLBENCH_DATA", "/from/variable")
    assert data_root(None) == Path("/from/variable")
    assert data_root(Path("/given")) == Path("/given")


def test_the_first_folder_that_has_the_file_is_found(tmp_path: Path) -> None:
    """Order decides, and an absolute folder is taken as it is."""
    for name in ("b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    assert find("x", tmp_path, ("a", "b", "c"), "file", "") == tmp_path / "b"
    assert find("x", Path("/nowhere"), (str(tmp_path / "c"),), "file", "") == tmp_path / "c"


def test_a_missing_dataset_is_one_sentence(tmp_path: Path) -> None:
    """It says where it looked, for what, and what to do."""
    with pytest.raises(DataError) as caught:
        find("x", tmp_path, ("a", ""), "file", "put it there")
    assert str(caught.value) == f"x: found no file in {tmp_path}/a or {tmp_path}; put it there"


def test_checksums_are_those_of_hashlib(tmp_path: Path) -> None:
    """Both, of a file longer than one read."""
    content = bytes(range(256)) * 20_000
    (tmp_path / "file").write_bytes(content)
    found = digests.compute(tmp_path / "file")
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.md5 == hashlib.md5(content).hexdigest()


def test_a_file_is_read_again_only_when_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second asking reads no byte; another content gives other checksums."""
    file = tmp_path / "file"
    file.write_bytes(b"one")
    first = digests.cached(file)
    with monkeypatch.context() as patched:
        patched.setattr(digests, "compute", lambda _: pytest.fail("read again"))
        assert digests.cached(file) == first
    file.write_bytes(b"other")
    assert digests.cached(file) == digests.compute(file) != first


def test_a_cache_that_cannot_be_written_costs_only_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checksums are right although the cache's place is a file."""
    (tmp_path / "file").write_bytes(b"one")
    monkeypatch.setenv("CSLBENCH_CACHE", str(tmp_path / "file"))
    assert digests.cached(tmp_path / "file") == digests.compute(tmp_path / "file")
