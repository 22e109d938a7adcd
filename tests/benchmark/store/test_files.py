"""Result files: written whole, read strictly, and nothing skipped."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.errors import ResultError
from benchmark.store import atomic, files
from tests.benchmark.engines.fakes import make_predictions
from tests.benchmark.factories import make_cell, make_result


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Return the path of a good result under `tmp_path`."""
    return files.write(tmp_path, make_result(), make_predictions())


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    """Every field survives, and the predictions with it; the store fills their hash in."""
    cell = make_cell(values={"scale": (0.2, 1.0), "flag": True, "none": None, "n": 3, "t": 0.1})
    result = make_result(cell=cell)
    files.write(tmp_path, result, make_predictions())
    found = files.find(tmp_path, cell)
    assert found is not None
    assert found.provenance.predictions_sha256 is not None
    blank = found.provenance.model_copy(update={"predictions_sha256": None})
    assert found.model_copy(update={"provenance": blank}) == result
    assert found.cell.pretrain_id == cell.pretrain_id
    assert files.read_all(tmp_path) == files.Loaded((found,), ())
    back = files.read_predictions(tmp_path, found)
    assert {name: array.tolist() for name, array in back.items()} == {
        name: array.tolist() for name, array in make_predictions().items()
    }


def test_a_path_says_what_the_cell_is_and_stays_in_the_folder(tmp_path: Path) -> None:
    """Readable where the names are plain; never outside, whatever a name holds."""
    cell = make_cell(replicate=2)
    plain = files.relative_path(cell)
    assert plain.as_posix() == f"photos/compact/simclr-pocket-r2-{cell.pretrain_id[:8]}.json"
    for name in ("../../etc", "timm:a/b", "..", ".", "a\x00b", "x" * 500, "yadim[extraction=1:1]"):
        path = files.relative_path(make_cell(name, name, name))
        assert not path.is_absolute()
        assert len(path.parts) == 3
        assert all(part.strip(".") and len(part) < 200 for part in path.parts)
        assert (tmp_path / path).resolve().is_relative_to(tmp_path.resolve())


def test_names_that_look_alike_have_paths_of_their_own() -> None:
    """What is cut or lower-cased is told apart by a hash."""
    names = ["a:b", "a/b", "A-b", "a-b", "x" * 70, "x" * 71]
    assert len({files.slug(name) for name in names}) == len(names)


def test_a_cell_without_a_result_is_not_found(tmp_path: Path) -> None:
    """Neither in an empty folder nor in one that is not there."""
    assert files.find(tmp_path / "nowhere", make_cell()) is None
    assert files.read_all(tmp_path / "nowhere") == files.Loaded((), ())


def damage_by(change: Callable[[dict[str, object]], None]) -> Callable[[bytes], bytes]:
    """Return what changes a result's JSON."""

    def damage(content: bytes) -> bytes:
        data = json.loads(content)
        change(data)
        return json.dumps(data).encode()

    return damage


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda content: content[: len(content) // 2], "damaged JSON"),
    "empty": (lambda _: b"", "damaged JSON"),
    "binary": (lambda _: b"\xff\xfe\x00", "damaged JSON"),
    "nan": (lambda content: content.replace(b"70.0", b"NaN"), "NaN is no number"),
    "infinite": (lambda content: content.replace(b"70.0", b"1e999"), "1e999 is beyond"),
    "deep": (lambda _: b"[" * 200_000, "damaged JSON"),
    "twice": (lambda content: content.replace(b"{", b'{"id": "x",', 1), "'id' stands twice"),
    "a list": (lambda _: b"[]", "should be an object"),
    "unknown field": (damage_by(lambda data: data.update(extra=1)), "extra: Extra inputs"),
    "other schema": (damage_by(lambda data: data.update(schema_version=2)), "schema_version"),
    "other id": (damage_by(lambda data: data.update(id="0" * 16)), "is not its cell's"),
    "text for number": (
        damage_by(lambda data: data.update(status="done")),
        "status",
    ),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_file_is_named_with_its_reason(written: Path, tmp_path: Path, kind: str) -> None:
    """It is no result and it is not skipped; the good ones beside it are read."""
    damage, reason = DAMAGES[kind]
    good = make_result(replicate=1)
    files.write(tmp_path, good, {})
    written.write_bytes(damage(written.read_bytes()))
    loaded = files.read_all(tmp_path)
    assert loaded.results == (good,)
    assert [broken.path for broken in loaded.broken] == [written]
    assert reason in loaded.broken[0].reason
    with pytest.raises(ResultError, match="json: "):
        files.find(tmp_path, make_cell())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ((b'"value": 70.0', b'"value": 90.0'), "metrics.linear.top1: interval [68.0, 72.0] does"),
        ((b'"status": "failed"', b'"status": "ok"'), "status 'ok' without metrics"),
    ],
)
def test_a_reason_is_told_without_a_class_of_python(
    tmp_path: Path, change: tuple[bytes, bytes], sentence: str
) -> None:
    """Wherever in the file the fault is: a sentence begins with it."""
    for found in (make_result(), make_result(replicate=1, status="failed", error="x")):
        path = files.write(tmp_path, found, {})
        path.write_bytes(path.read_bytes().replace(*change))
    reasons = [broken.reason for broken in files.read_all(tmp_path).broken]
    assert reasons[0].startswith(sentence)
    assert not any("error" in reason for reason in reasons)


def test_a_file_that_is_too_large_is_not_read(written: Path, tmp_path: Path) -> None:
    """A gigabyte called JSON does not fill the memory."""
    os.truncate(written, files.MAX_BYTES + 1)
    assert "at most" in files.read_all(tmp_path).broken[0].reason


def test_a_result_at_another_cells_place_is_named(written: Path, tmp_path: Path) -> None:
    """A copied or renamed file would count twice, or be run again beside itself."""
    copy = written.with_name("copy.json")
    copy.write_bytes(written.read_bytes())
    flat = tmp_path / "flat.json"
    flat.write_bytes(written.read_bytes())
    loaded = files.read_all(tmp_path)
    assert len(loaded.results) == 1
    assert {broken.path for broken in loaded.broken} == {copy, flat}
    assert all("belongs at photos/compact/simclr" in broken.reason for broken in loaded.broken)


def test_links_that_leave_the_folder_are_not_followed(written: Path, tmp_path: Path) -> None:
    """Neither a file nor a folder; a pipe is not waited for."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    outside.mkdir()
    place = inside / files.relative_path(make_cell())
    place.parent.mkdir(parents=True)
    place.symlink_to(written)
    (inside / "folder").symlink_to(tmp_path / "photos")
    os.mkfifo(inside / "pipe.json")
    loaded = files.read_all(inside)
    assert loaded.results == ()
    assert {broken.path.name: broken.reason for broken in loaded.broken} == {
        place.name: "is a link that leaves the results folder; copy the file instead",
        "pipe.json": "is no file",
    }


def test_the_schema_is_the_one_json_file_that_is_no_result(tmp_path: Path) -> None:
    """`results/schema.json` is ours; another one deeper is not."""
    (tmp_path / "schema.json").write_text("{}")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "schema.json").write_text("{}")
    assert [broken.path.parent.name for broken in files.read_all(tmp_path).broken] == ["photos"]


def test_a_results_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """In words, by whatever reads or writes."""
    file = tmp_path / "results"
    file.write_text("")
    for use in (files.read_all, files.check_folder, lambda root: files.find(root, make_cell())):
        with pytest.raises(ResultError, match="the results folder is a file"):
            use(file)
    with pytest.raises(ResultError, match="is no folder"):
        files.write(file, make_result(), {})
    files.check_folder(tmp_path / "new" / "deep")
    assert not (tmp_path / "new").exists()


def test_a_full_disk_is_said_and_loses_nothing(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says what to free; the old file stays whole; no temporary file stays."""
    before = written.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ResultError, match=r"the disk is full: free \d+ kB or more"):
        files.write(tmp_path, make_result(value=60.0), make_predictions())
    monkeypatch.undo()
    assert written.read_bytes() == before
    assert [path.name for path in written.parent.iterdir() if path.name.startswith(".")] == []
    assert len(files.read_all(tmp_path).results) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from benchmark.store import atomic

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(os, sys.argv[2], die)
atomic.write(Path(sys.argv[1]), b"new" * 1000)
"""


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_kill_in_the_middle_leaves_the_old_file(tmp_path: Path, moment: str) -> None:
    """At the final name there is never half a file, and the leftover is no result."""
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), moment],
        env={**os.environ, "PYTHONPATH": root}, check=False,
    )  # fmt: skip
    assert done.returncode == -9
    assert path.read_bytes() == b"old"
    assert [broken.path for broken in files.read_all(tmp_path).broken] == [path]
    atomic.write(path, b"newer")
    assert path.read_bytes() == b"newer"


def test_predictions_that_are_not_the_results_are_refused(written: Path, tmp_path: Path) -> None:
    """Other ones, damaged ones, and none at all."""
    result = files.read(written)
    beside = files.predictions_path(written)
    others = {**make_predictions(), "linear": make_predictions()["linear"][::-1]}
    files.write(tmp_path / "other", make_result(), others)
    content = (tmp_path / "other" / written.relative_to(tmp_path)).with_suffix(".npz").read_bytes()
    for damage, reason in (
        (content, "is not what its result was scored by"),
        (content[:50], "damaged predictions"),
    ):
        beside.write_bytes(damage)
        with pytest.raises(ResultError, match=reason):
            files.read_predictions(tmp_path, result)
    beside.unlink()
    with pytest.raises(ResultError, match="are missing"):
        files.read_predictions(tmp_path, result)


def test_a_failure_does_not_replace_a_number(tmp_path: Path) -> None:
    """But a number replaces a failure, and a failure a failure."""
    failed = make_result(status="failed", error="loss is nan at step 2")
    assert files.record(tmp_path, failed, {})
    assert files.record(tmp_path, failed, {})
    assert files.record(tmp_path, make_result(), make_predictions())
    assert not files.record(tmp_path, failed, {})
    found = files.find(tmp_path, make_cell())
    assert found is not None
    assert found.status == "ok"
