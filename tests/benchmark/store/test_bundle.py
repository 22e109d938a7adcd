"""A bundle has one set of bytes, and whatever was changed in it is found and named."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application
from benchmark.store import bundle, encoders, files, unbundle
from tests.benchmark.factories import make_cell, make_result

RIGHT = 1434


def cslbench(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(application(), [str(each) for each in arguments])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Make a store of two methods with predictions, one with its encoder."""
    root = tmp_path / "results"
    labels = np.zeros(2048, dtype=np.int16)
    for name in ("simclr", "byol"):
        answers = (np.arange(2048) >= RIGHT).astype(np.int16)
        result = make_result(name, 100 * RIGHT / 2048)
        if name == "simclr":
            weights = root / files.relative_path(result.cell)
            weights.parent.mkdir(parents=True)
            encoders.path_of(weights).write_bytes(b"weights")
            sha = hashlib.sha256(b"weights").hexdigest()
            origin = result.provenance.model_copy(update={"encoder_file_sha256": sha})
            result = result.model_copy(update={"provenance": origin})
        files.write(root, result, {"linear": answers, "labels": labels})
    return root


def exported(store: Path, name: str, *more: str) -> Path:
    """Export the store and return the bundle."""
    out = store.parent / name
    done = cslbench("export", out, "--results", store, *more)
    assert done.exit_code == 0, done.output
    return out


@pytest.mark.parametrize("name", ["a.zip", "a"])
def test_a_bundle_holds_everything_and_validates(store: Path, name: str) -> None:
    """Results, predictions, the kept encoder, versions, citation, how to verify, the manifest."""
    found = exported(store, name)
    if name == "a":
        names = sorted(p.relative_to(found).as_posix() for p in found.rglob("*") if p.is_file())
    else:
        names = zipfile.ZipFile(found).namelist()

    tops = {"README.md", "citation.bib", "environment.txt", "manifest.json", "versions.json"}
    assert tops < set(names)
    ends = sorted(Path(each).suffix for each in names if each.startswith("results/"))
    assert ends == [".json", ".json", ".npz", ".npz", ".safetensors"]
    checked = cslbench("validate", found)
    assert (checked.exit_code, checked.stdout) == (0, "2 results, nothing wrong\n")


def test_two_bundles_of_the_same_results_have_the_same_bytes(store: Path) -> None:
    """Times of files do not matter; the hash of the whole can stand in a paper."""
    first = exported(store, "a.zip").read_bytes()
    for path in store.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))

    assert exported(store, "b.zip").read_bytes() == first


def test_a_selection_is_bundled(store: Path) -> None:
    """Only what is meant, cited alone."""
    found = exported(store, "a", "-m", "byol")

    assert len([*(found / "results").rglob("*.json")]) == 1
    assert "grill2020byol" in (found / "citation.bib").read_text()
    assert "chen2020simclr" not in (found / "citation.bib").read_text()


def test_what_the_readme_says_of_hashes_holds(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its few lines of Python run, and fail on one changed byte."""
    found = exported(store, "a")
    script = (found / "README.md").read_text().partition('python -c "')[2].partition('"\n')[0]
    monkeypatch.chdir(found)
    exec(compile(script, "README.md", "exec"), {})
    (found / "citation.bib").write_text("other")
    with pytest.raises(AssertionError, match=r"citation\.bib"):
        exec(compile(script, "README.md", "exec"), {})


def first(found: Path, suffix: str) -> Path:
    """Return a file of the results."""
    return next(iter(sorted((found / "results").rglob(f"*{suffix}"))))


def _digit(found: Path) -> None:
    path = first(found, ".json")
    path.write_text(path.read_text().replace('"n": 2048', '"n": 2049', 1))


def _length(found: Path) -> None:
    first(found, ".npz").write_bytes(b"short")


def _lost(found: Path) -> None:
    first(found, ".npz").unlink()


def _more(found: Path) -> None:
    (found / "results" / "extra.json").write_text("{}")


def _link(found: Path) -> None:
    path = first(found, ".npz")
    path.rename(found.parent / "elsewhere.npz")
    path.symlink_to(found.parent / "elsewhere.npz")


def _folder(found: Path) -> None:
    (found / "data").symlink_to(found.parent, target_is_directory=True)


def _manifest(found: Path) -> None:
    (found / "manifest.json").write_text('{"schema_version": 1}')


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_digit, "is not the file that manifest.json names"),
        (_length, "has 5 bytes, manifest.json says"),
        (_lost, "is missing"),
        (_more, "results/extra.json: is not in manifest.json"),
        (_link, "is a link, not a file"),
        (_folder, "a/data: is a link, not a file"),
        (_manifest, "manifest.json does not say what it must"),
    ],
)
def test_whatever_was_changed_is_named(
    store: Path, change: Callable[[Path], None], said: str
) -> None:
    """Exit 1 and a sentence."""
    found = exported(store, "a")
    change(found)
    checked = cslbench("validate", found)

    assert checked.exit_code == 1
    assert said in checked.stdout


def test_a_manifest_that_was_made_to_fit_does_not_help(store: Path) -> None:
    """The results are held to their predictions, too."""
    found = exported(store, "a")
    path = first(found, ".json")
    path.write_text(path.read_text().replace("70.01953125", "71.0"))
    manifest = json.loads((found / "manifest.json").read_text())
    sha, size = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size
    name = path.relative_to(found).as_posix()
    manifest["files"][name] = {"sha256": sha, "size": size}
    (found / "manifest.json").write_text(json.dumps(manifest))
    checked = cslbench("validate", found)

    assert checked.exit_code == 1
    assert "manifest.json" not in checked.stdout
    assert f"a/{Path(name).with_suffix('.npz')}: linear: top-1 is 71.0 percent" in checked.stdout


@pytest.mark.parametrize(
    "name",
    ["../escaped", "/tmp/escaped", "results/../../escaped", "a\\..\\escaped", "C:escaped", "./x"],
)
def test_a_path_that_leads_out_is_refused_and_not_written(
    store: Path, tmp_path: Path, name: str
) -> None:
    """Even where the manifest names it."""
    source, wicked = zipfile.ZipFile(exported(store, "a.zip")), tmp_path / "in" / "wicked.zip"
    wicked.parent.mkdir()
    with zipfile.ZipFile(wicked, "w") as archive:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "manifest.json":
                manifest = json.loads(content)
                sha = hashlib.sha256(b"x").hexdigest()
                manifest["files"][name] = {"sha256": sha, "size": 1}
                content = json.dumps(manifest).encode()
            archive.writestr(entry, content)
        archive.writestr(name, "x")
    checked = cslbench("validate", wicked)

    assert checked.exit_code == 1
    assert "is a path that could lead out of the bundle" in checked.stdout
    assert not [*tmp_path.rglob("*escaped*")]
    assert not Path("/tmp/escaped").exists()


def test_a_link_in_a_zip_file_is_refused(store: Path) -> None:
    """It is told by its mode."""
    found = exported(store, "a.zip")
    entry = zipfile.ZipInfo("results/link.json")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(found, "a") as archive:
        archive.writestr(entry, "/etc/passwd")

    assert "results/link.json: is a link, not a file" in cslbench("validate", found).stdout


@pytest.mark.parametrize("cut", [10, 500, 2000])
def test_a_damaged_zip_file_is_said_in_a_sentence(store: Path, cut: int) -> None:
    """Cut short, or with bytes changed in its middle."""
    found = exported(store, "a.zip")
    content = found.read_bytes()
    found.write_bytes(content[:-cut])
    short = cslbench("validate", found)
    found.write_bytes(content[:cut] + bytes(60) + content[cut + 60 :])
    changed = cslbench("validate", found)

    assert (short.exit_code, changed.exit_code) == (1, 1)
    assert isinstance(short.exception, SystemExit)
    assert isinstance(changed.exception, SystemExit)


def test_what_is_no_file_or_does_not_hold_is_not_bundled(store: Path, tmp_path: Path) -> None:
    """Exit 2, nothing written."""
    out = tmp_path / "out.zip"
    inside = cslbench("export", store / "b.zip", "--results", store)
    assert (inside.exit_code, "lies in the results folder" in inside.output) == (2, True)
    exported(store, "there")
    assert "is there already" in cslbench("export", tmp_path / "there", "--results", store).output

    path = files.predictions_path(store / files.relative_path(make_cell("byol")))
    path.rename(tmp_path / "outside.npz")
    path.symlink_to(tmp_path / "outside.npz")
    linked = cslbench("export", out, "--results", store)
    assert (linked.exit_code, "link" in linked.output) == (2, True), linked.output
    path.unlink()
    lost = cslbench("export", out, "--results", store)
    assert (lost.exit_code, "missing" in lost.output) == (2, True)
    assert not out.exists()
    assert not [*tmp_path.glob(".cslbench-*")]


def test_a_folder_without_a_manifest_is_a_results_folder(store: Path) -> None:
    """And a zip file without one can be said nothing of."""
    assert not unbundle.is_bundle(store)
    plain = store.parent / "plain.zip"
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("results/a.json", "{}")
    checked = cslbench("validate", plain)

    assert (checked.exit_code, "has no manifest.json" in checked.stdout) == (1, True)


@pytest.mark.parametrize(
    ("method", "at", "said"),
    [
        (zipfile.ZIP_DEFLATED, 0, "damaged zip file"),
        (zipfile.ZIP_LZMA, 4, "damaged zip file"),
        (zipfile.ZIP_BZIP2, 4, "cannot be read"),
    ],
)
def test_a_damaged_compressed_zip_file_is_said_in_a_sentence(
    tmp_path: Path, method: int, at: int, said: str
) -> None:
    """Whatever its compression: each has exceptions of its own."""
    found = tmp_path / "a.zip"
    with zipfile.ZipFile(found, "w", method) as archive:
        archive.writestr("manifest.json", "{}" * 100)
    content = bytearray(found.read_bytes())
    start = 30 + len("manifest.json") + at
    content[start : start + 8] = b"\xff" * 8
    found.write_bytes(content)
    checked = cslbench("validate", found)

    assert (checked.exit_code, said in checked.stdout) == (1, True), checked.output
    assert isinstance(checked.exception, SystemExit)


def test_what_is_more_than_a_bundle_may_hold_is_neither_written_nor_unpacked(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small zip file can hold any number of zeros."""
    found = exported(store, "a.zip")
    monkeypatch.setattr(bundle, "MOST_BYTES", 1000)
    monkeypatch.setattr(unbundle, "MOST_BYTES", 1000)
    checked = cslbench("validate", found)
    refused = cslbench("export", store.parent / "b.zip", "--results", store)

    assert (checked.exit_code, "too many (at most 1000)" in checked.stdout) == (1, True)
    assert (refused.exit_code, "(at most 1000)" in refused.output) == (2, True)
    assert not (store.parent / "b.zip").exists()


def test_a_folder_whose_paths_cannot_be_laid_out_is_said_in_a_sentence(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a file is taken away while it is read."""
    found = exported(store, "a")

    def gone(self: Path, *_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", str(self))

    monkeypatch.setattr(Path, "open", gone)
    checked = cslbench("validate", found)

    assert checked.exit_code == 1
    assert "a: cannot be read (No such file or directory)" in checked.stdout


def _only(found: Path, name: str, content: bytes) -> Path:
    """Write a bundle of one file."""
    listed = {name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}}
    with zipfile.ZipFile(found, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"schema_version": 1, "files": listed}))
        archive.writestr(name, content)
    return found


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("README.md", "only.zip/results: holds no result"),
        ("results/schema.json", "only.zip/results: holds no result"),
        ("results", "only.zip/results: is a file, not the folder of the results"),
    ],
)
def test_a_bundle_without_a_result_does_not_hold(tmp_path: Path, name: str, said: str) -> None:
    """Nothing was checked, so nothing can be said to be right."""
    checked = cslbench("validate", _only(tmp_path / "only.zip", name, b"{}"))

    assert (checked.exit_code, said in checked.stdout) == (1, True), checked.output
    assert "cslbench-" not in checked.stdout


@pytest.mark.parametrize("name", ["x.zip", "x", "deep/x.zip"])
def test_a_bundle_that_cannot_be_written_is_said_in_a_sentence(store: Path, name: str) -> None:
    """Exit 2: a file is where its folder should be."""
    (store.parent / "file").write_text("")
    refused = cslbench("export", store.parent / "file" / name, "--results", store)

    assert (refused.exit_code, "cannot be written (" in refused.output) == (2, True)
    assert isinstance(refused.exception, SystemExit)
