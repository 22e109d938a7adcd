"""Results from strangers: what JSON, zip files and links allow, and the store does not."""

from __future__ import annotations

import io
import json
import math
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import ResultError
from benchmark.store import files, strict
from benchmark.store.predictions import MAX_UNPACKED, pack, unpack
from benchmark.store.result import Result
from benchmark.store.strict import LARGEST, check_json
from methods.settings import Value
from tests.benchmark.engines.fakes import make_predictions
from tests.benchmark.factories import make_cell, make_result


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Return the path of a good result under `tmp_path`."""
    return files.write(tmp_path, make_result(), make_predictions())


@pytest.mark.parametrize("number", ["1" + "0" * 400, "9" * 10_000, "9223372036854775808"])
def test_whole_numbers_past_64_bits_are_refused(written: Path, number: str) -> None:
    """They would overflow in the first division, long after they were read."""
    text = written.read_text().replace('"images": 50176', f'"images": {number}')
    written.write_text(text)
    with pytest.raises(ResultError, match="beyond what a whole number can be"):
        files.read(written)


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "-Infinity",
        "1e999",
        "9223372036854775808",
        "-99999999999999999999",
        '{"a":1,"a":2}',
        '[1.5, {"a": {"a": NaN}}]',
        '"NaN"',
        "-9223372036854775807",
        "0.00012345678901234567890",
    ],
)
def test_where_a_result_may_hold_anything_it_may_hold_no_strange_number(
    written: Path, value: str
) -> None:
    """What is refused there is what `check_json` refuses, however the file was written."""
    made = make_result()
    assert made.described is not None
    described = made.described.model_copy(update={"augmentation": {"scale": "HERE"}})
    text = strict.written(made.model_copy(update={"described": described})).decode()
    content = text.replace('"HERE"', value).encode()
    assert content != text.encode()
    try:
        check_json(content)
    except ValueError:
        with pytest.raises(ResultError, match="damaged JSON"):
            strict.parse(written, content, Result)
    else:
        assert strict.parse(written, content, Result).described


def test_a_key_that_stands_twice_is_refused_wherever_it_stands(written: Path) -> None:
    """Also where both have one value, so that nothing but the text differs."""
    lines = written.read_bytes().splitlines(keepends=True)
    keys = [place for place, line in enumerate(lines) if line.endswith(b",\n") and b'": ' in line]
    assert len(keys) > 50
    for place in keys:
        twice = b"".join([*lines[:place], lines[place], *lines[place:]])
        with pytest.raises(ResultError, match="stands twice"):
            strict.parse(written, twice, Result)


def test_what_our_own_hand_shows_is_not_checked_number_by_number(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what another's hand wrote is."""
    checked: list[bytes] = []
    monkeypatch.setattr(strict, "check_json", checked.append)
    ours = written.read_bytes()
    theirs = json.dumps(json.loads(ours)).encode()
    assert strict.parse(written, ours, Result) == strict.parse(written, theirs, Result)
    assert checked == [theirs]


@pytest.mark.parametrize(
    ("field", "name", "reason"),
    [
        ("method", "sim\u202eclr", r"cell.method must be plain ASCII without blanks \(got U\+202E"),
        ("method", "s\u0456mclr", r"got U\+0456"),
        ("method", "simclr\x1b[2J", r"got U\+001B"),
        ("method", "", "got nothing"),
        ("method", "x" * 5000, "5000 characters, at most 1000"),
        ("encoder", "com\u200dpact", r"cell.encoder .* U\+200D"),
        ("dataset", "\uff50hotos", r"cell.dataset .* U\+FF50"),
        ("dataset", "imagefolder[root=a\nb]", r"cell.dataset holds the character U\+000A"),
    ],
)
def test_names_that_cannot_be_shown_or_look_like_others_are_refused(
    tmp_path: Path, field: str, name: str, reason: str
) -> None:
    """Marks that turn the line round, escapes, Cyrillic letters: no row of the board lies."""
    path = files.write(tmp_path, make_result(cell=make_cell(**{field: name})), {})  # type: ignore[arg-type]
    with pytest.raises(ResultError, match=reason):
        files.read(path, tmp_path)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"resolution": True}, r"resolution must be a whole number \(got True\)"),
        ({"resolution": 0}, r"resolution must be at least 1 \(got 0\)"),
    ],
)
def test_a_resolution_that_is_none_is_refused(
    tmp_path: Path, values: dict[str, Value], reason: str
) -> None:
    """The board would compare protocols by it."""
    path = files.write(tmp_path, make_result(cell=make_cell(values=values)), {})
    with pytest.raises(ResultError, match=reason):
        files.read(path, tmp_path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"k": 0}, "k must be at least 1"),
        ({"k": 5}, "k belongs to the probe 'knn'"),
        ({"width": 5}, "width belongs to the probe 'mlp'"),
        ({"augmentation": " "}, "augmentation must be said"),
    ],
)
def test_a_protocol_that_nobody_could_follow_is_refused(
    written: Path, changes: dict[str, object], reason: str
) -> None:
    """It would be compared with published ones."""
    data = json.loads(written.read_text())
    data["metrics"]["linear"]["protocol"].update(changes)
    written.write_text(json.dumps(data))
    with pytest.raises(ResultError, match=reason):
        files.read(written)


def test_a_folder_may_have_any_name_of_one_line(tmp_path: Path) -> None:
    """A dataset of one's own lies where its owner says."""
    cell = make_cell(dataset="imagefolder[root=données/图像 1]")
    files.write(tmp_path, make_result(cell=cell), {})
    assert files.find(tmp_path, cell) is not None


def test_links_in_a_results_folder_are_refused_not_followed(tmp_path: Path) -> None:
    """To itself, to a folder outside when writing, to a pipe for predictions."""
    root, outside = tmp_path / "results", tmp_path / "outside"
    outside.mkdir()
    path = files.write(root, make_result(), make_predictions())
    result, beside = files.read(path, root), files.predictions_path(path)
    loop = path.with_name("loop.json")
    loop.symlink_to(loop.name)
    assert [broken.path for broken in files.read_all(root).broken] == [loop]
    beside.unlink()
    beside.symlink_to(outside / "x.npz")
    with pytest.raises(ResultError, match="is a link that leaves"):
        files.read_predictions(root, result)
    beside.unlink()
    os.mkfifo(beside)
    with pytest.raises(ResultError, match="is no file"):
        files.read_predictions(root, result)
    (root / "digits").symlink_to(outside)
    with pytest.raises(ResultError, match="is a link that leaves"):
        files.write(root, make_result(dataset="digits"), {})
    assert list(outside.iterdir()) == []


def archive(entries: dict[str, bytes]) -> bytes:
    """Return a compressed zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return buffer.getvalue()


def npy(header: str, values: bytes = b"") -> bytes:
    """Return an npy file of format 1.0 with a header of any text."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values


HUGE = "{'descr': '<i2', 'fortran_order': False, 'shape': (999999999,), }\n"
BOMBS: dict[str, tuple[bytes, str]] = {
    "unpacks": (archive({"linear.npy": bytes(MAX_UNPACKED + 1)}), "when unpacked, at most"),
    "many": (archive({f"a{n}.npy": b"" for n in range(1000)}), "1000 arrays, at most 64"),
    "header": (archive({"linear.npy": npy(HUGE)}), "does not hold the 999999999 numbers"),
    "leaves": (archive({"../linear.npy": npy(HUGE)}), r"an array called '../linear.npy'"),
    "object": (archive({"a.npy": npy(HUGE.replace("<i2", "|O"))}), "no plain list of whole"),
    "nested": (archive({"a.npy": npy("(" * 60_000)}), "no plain list of whole numbers"),
    "float": (pack({"a": np.zeros(3)}), "no plain list of whole numbers"),
    "square": (pack({"a": np.zeros((3, 3), np.int16)}), "no plain list of whole numbers"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_predictions_that_would_fill_the_memory_are_refused(tmp_path: Path, kind: str) -> None:
    """By what the archive states, before anything of that size is made."""
    content, reason = BOMBS[kind]
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(ResultError, match=reason):
        unpack(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 2**20


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64, np.uint8])
def test_predictions_of_every_width_come_back(tmp_path: Path, kind: type) -> None:
    """With their type, since it is hashed; and of none at all."""
    path = tmp_path / "x.npz"
    for values in ([], [0, 3, 1]):
        path.write_bytes(pack({"linear": np.array(values, kind)}))
        found = unpack(path)["linear"]
        assert (found.dtype, found.tolist()) == (np.dtype(kind), values)


def test_an_error_text_is_kept_as_it_was(tmp_path: Path) -> None:
    """Only names are refused: what a program said may hold anything, and is escaped when shown."""
    result = make_result(status="failed", error="RuntimeError: \x1b[31mred\nand \u202e more")
    path = files.write(tmp_path, result, {})
    assert files.read(path, tmp_path).error == result.error
    assert json.loads(path.read_text())["error"] == result.error


@settings(max_examples=300, deadline=None)
@given(
    number=st.from_regex(
        r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,5})?", fullmatch=True
    ),
    before=st.sampled_from(
        ["", " ", "[", "[1,", "[1, ", '{"a":', '{"a": ', '{"a":[', "[\n", "[\t-0,"]
    ),
)
def test_a_number_is_refused_exactly_where_it_is_out_of_range(number: str, before: str) -> None:
    """Wherever it stands: past 64 bits as a whole number, infinite as another."""
    whole = not set(number) & set(".eE")
    bad = abs(int(number)) > LARGEST if whole else math.isinf(float(number))
    content = before + number + before.count("[") * "]" + before.count("{") * "}"
    if before.startswith('{"a":['):
        content = before + number + "]}"
    try:
        check_json(content.encode())
        refused = False
    except ValueError:
        refused = True
    assert refused == bad
