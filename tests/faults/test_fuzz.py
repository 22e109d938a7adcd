"""Whatever a loader is fed, a clean value or a clean sentence comes out: never a traceback.

`CSLBENCH_FUZZ=10000 pytest -m faults tests/faults/test_fuzz.py` draws so many inputs a test, other
ones each time; without it a few, the same each time.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmark import yaml
from benchmark.cli import board
from benchmark.data import catalogue as datasets
from benchmark.errors import CslbenchError, MatrixError, ReportedError, ResultError, UsageError
from benchmark.evidence import reported
from benchmark.matrix import common, load
from benchmark.matrix.cell import Cell
from benchmark.store import files, invariants
from benchmark.store.predictions import pack, unpack
from methods import catalogue as encoders
from methods import selector
from tests.benchmark.engines.fakes import make_predictions
from tests.benchmark.factories import make_result
from tests.benchmark.matrix.texts import TABLE
from tests.faults.wicked import SNIPPETS, TEXTS, VALUES, mutated, replaced

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0)]

EXAMPLES = int(os.environ.get("CSLBENCH_FUZZ", "60"))
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CSLBENCH_FUZZ" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)

MATRIX = b"""\
name: mine
description: |
  a test
exclude:
  - {method: byol, dataset: digits, reason: "why: not"}
methods: [simclr, 'simclr[temperature=0.3]', byol]
datasets: [photos, digits]
encoders: [compact]
blocks:
  - replicates: 2
    budget: {images: 40000}
    training: common
    protocols: [linear, knn]
  - methods: [amdim]
    replicates: [3]
    budget: smoke
    training: common
    batch: 64
    protocols: [linear]
"""
REPORTED = b"""\
reported:
  - id: a.b-1
    value: 92.5
    unit: percent
    metric: top1
    method: simclr
    variant: ""
    dataset: cifar10
    encoder: resnet18
    protocol: {probe: mlp, width: 1024, feature: pooled, online: false, selection: last}
    budget: {epochs: 100, batch: 512}
    source: somewhere
    certainty: memory
  - {id: c, value: 92.5, unit: percent, metric: top1, method: simclr, dataset: cifar10,
     source: elsewhere, certainty: seen, repeats: a.b-1, spread: 0.1, margin: 2.0}
"""
COMMON = b"""\
defaults: {optimizer: adamw, learning_rate: 2.0e-3, weight_decay: 1.0e-2, schedule: cosine,
           warmup_steps: 500, batch: 128}
batches: {cifar10: 256, photos: 128}
tuned:
  - method: simclr
    dataset: photos
    encoder: compact
    budget: 40000 images
    batch: 128
    learning_rate: 1.0e-3
    tried: [{rate: 1.0e-3, score: 70.5}, {rate: 2.0e-3, score: null}]
"""
RESULT = make_result("simclr[temperature=0.2]", 50.0, scores={"knn": 40.0}).model_dump_json(
    indent=1
)
PREDICTIONS = pack(make_predictions())


def clean(error: CslbenchError) -> None:
    """Hold an error to be a sentence that can be shown, without anything of Python's in it."""
    text = str(error)
    assert text.strip()
    assert "Traceback" not in text


def outcome(read: Callable[[], object], kind: type[CslbenchError]) -> object | None:
    """Return what was read, or None where it was refused in a sentence of this class."""
    try:
        return read()
    except kind as error:
        clean(error)
        return None


def as_yaml(data: Any) -> bytes:
    """Write data as YAML, as it comes."""
    return pyyaml.safe_dump(data, allow_unicode=True).encode("utf-8", "surrogatepass")


def as_json(data: Any) -> bytes:
    """Write data as JSON, or what Python takes for it."""
    return json.dumps(data).encode()


def signed(data: Any) -> Any:
    """Return a result with the id that its cell has, as whoever made the cell up would."""
    with contextlib.suppress(ValueError, TypeError, KeyError, OverflowError):
        data["id"] = Cell.model_validate_json(json.dumps(data["cell"])).pretrain_id
    return data


YAMLS: dict[str, tuple[bytes, Callable[[Path], object], type[CslbenchError]]] = {
    "matrix": (
        MATRIX,
        lambda path: load.parse(yaml.load(path, MatrixError), TABLE),
        MatrixError,
    ),
    "reported": (REPORTED, reported.load_reported, ReportedError),
    "common": (COMMON, common.load, MatrixError),
}


@pytest.mark.parametrize("kind", YAMLS)
def test_the_valid_files_are_valid(tmp_path: Path, kind: str) -> None:
    """Else nothing but the first fault would ever be met."""
    content, read, _ = YAMLS[kind]
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    read(path)
    path.write_bytes(as_yaml(pyyaml.safe_load(content)))
    read(path)
    path.write_text(RESULT)
    files.read(path)
    path.write_bytes(PREDICTIONS)
    unpack(path)


@pytest.mark.parametrize("kind", YAMLS)
@fuzzed
@given(data=st.data())
def test_bytes_of_yaml_files(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    """Matrices, reported numbers and the table of rates, a few bytes changed."""
    content, read, error = YAMLS[kind]
    path = tmp_path / "x.yaml"
    path.write_bytes(data.draw(mutated(content)))
    outcome(lambda: read(path), error)


@pytest.mark.parametrize("kind", YAMLS)
@fuzzed
@given(data=st.data())
def test_values_of_yaml_files(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    """Matrices, reported numbers and the table of rates, one value changed."""
    content, read, error = YAMLS[kind]
    path = tmp_path / "x.yaml"
    path.write_bytes(as_yaml(data.draw(replaced(pyyaml.safe_load(content)))))
    outcome(lambda: read(path), error)


@fuzzed
@given(content=mutated(RESULT.encode()))
def test_bytes_of_results(tmp_path: Path, content: bytes) -> None:
    """Result files, a few bytes changed."""
    path = tmp_path / "x.json"
    path.write_bytes(content)
    outcome(lambda: files.read(path), ResultError)


@fuzzed
@given(content=replaced(json.loads(RESULT)).map(signed).map(as_json))
def test_values_of_results(tmp_path: Path, content: bytes) -> None:
    """Result files, one value changed."""
    path = tmp_path / "x.json"
    path.write_bytes(content)
    outcome(lambda: files.read(path), ResultError)


def shown(root: Path, content: bytes) -> str:
    """Return the board that holds a result, if it can be read, and what `validate` says."""
    loose, root = root / "x.json", root / "results"
    loose.write_bytes(content)
    found = outcome(lambda: files.read(loose), ResultError)
    if found is None:
        return ""
    path = root / files.relative_path(found.cell)  # type: ignore[attr-defined]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    said = outcome(lambda: list(invariants.folder(root)), ResultError)
    text = outcome(lambda: board.rendered(root, None), ResultError)
    path.unlink()
    return f"{said}\n{text}"


FREE = ("error", "command", "commit", "processor", "row", "stem", "norm", "interval", "python")


@fuzzed
@given(
    data=st.data(), value=VALUES | st.text(alphabet=st.characters(categories=("C", "Z", "P", "M")))
)
def test_whatever_is_read_can_be_judged_and_shown(
    tmp_path: Path, data: st.DataObject, value: Any
) -> None:
    """No result that loads breaks `validate` or the board, or puts a strange character there."""
    content = json.loads(RESULT)
    if data.draw(st.booleans()):
        content = data.draw(replaced(content))
    else:
        content = json.loads(
            RESULT,
            object_hook=lambda pairs: {k: value if k in FREE else v for k, v in pairs.items()},
        )
    text = shown(tmp_path, as_json(signed(content)))
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text
    )


@fuzzed
@given(content=mutated(PREDICTIONS))
def test_bytes_of_predictions(tmp_path: Path, content: bytes) -> None:
    """Archives, a few bytes changed."""
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    outcome(lambda: unpack(path), ResultError)


@fuzzed
@given(
    names=st.lists(st.sampled_from(("linear", "labels", "groups", *TEXTS)) | st.text(), max_size=3),
    data=st.data(),
)
def test_arrays_of_predictions(tmp_path: Path, names: list[str], data: st.DataObject) -> None:
    """Archives that are whole, with arrays that are not; whatever is read can be judged."""
    arrays = zipfile.ZipFile(io.BytesIO(PREDICTIONS))
    whole = {name: arrays.read(name) for name in arrays.namelist()}
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w") as made:
        for name in [*(each for each in whole if data.draw(st.booleans())), *names]:
            entry = name.replace("\x00", "")[:60_000].encode("utf-8", "replace").decode()
            if entry and entry not in made.namelist():
                made.writestr(entry, data.draw(mutated(whole["linear.npy"])))
    found = outcome(lambda: unpack(path), ResultError)
    if found is not None:
        list(invariants.predictions(make_result(), found))  # type: ignore[arg-type]


SELECTOR = st.sampled_from(TEXTS) | st.text(max_size=60) | st.from_regex(
    r"[a-z_0-9]{1,8}(\[[a-z]{1,6}=[^\]]{0,9}(,[a-z]{1,6}=[0-9:.e-]{0,9}){0,3}\]?)?", fullmatch=True
)  # fmt: skip


@fuzzed
@given(text=SELECTOR)
@example("a" + "[" * 100_000)
@example("a[" + "a=1," * 100_000 + "]")
@example("simclr[temperature=" + "9" * 100_000 + "]")
@example("imagenet[size=" + "1" * 5000 + "]")
def test_selectors(text: str) -> None:
    """Of methods, encoders and datasets: alone, and to choose a part of a matrix."""
    for read in (selector.split, encoders.canonical):
        with contextlib.suppress(ValueError):  # which whoever calls them puts into its own words
            read(text)
    outcome(lambda: datasets.resolve(text), UsageError)
    matrix = load.parse(yaml.parse(MATRIX.decode(), MatrixError), TABLE)
    for axis in ("methods", "datasets", "encoders"):
        chosen = {axis: [text]}
        outcome(lambda chosen=chosen: load.select(matrix, **chosen), UsageError)  # type: ignore[misc]


@fuzzed
@given(text=st.sampled_from(TEXTS), data=st.data())
def test_values_of_options(text: str, data: st.DataObject) -> None:
    """A known option with any value."""
    name = data.draw(
        st.sampled_from(("simclr[temperature=", "simclr[layers=", "yadim[extraction=", "byol[tau="))
    )
    matrix = yaml.parse(MATRIX.decode(), MatrixError)
    assert isinstance(matrix.data, dict)
    changed: yaml.Data = {**matrix.data, "methods": [f"{name}{text}]"]}
    document = yaml.Document("x", changed, matrix.lines)
    outcome(lambda: load.parse(document, TABLE), MatrixError)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_file_of_one_thing_over_and_over(tmp_path: Path, snippet: bytes) -> None:
    """As large as may be read: refused, and soon."""
    path = tmp_path / "x.yaml"
    path.write_bytes(snippet * (yaml.MAX_BYTES // len(snippet)))
    outcome(lambda: yaml.load(path, MatrixError, mapping=False), MatrixError)
    outcome(lambda: files.read(path), ResultError)
    outcome(lambda: unpack(path), ResultError)


LAUGHS = b"a: &a [x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c, *%c, *%c]\n" % (n + 1, n + 1, n, n, n, n) for n in range(97, 121)
)


@pytest.mark.parametrize("content", [LAUGHS, b"a: " + b"[" * 900_000, b"? " * 400_000])
def test_a_bomb_is_refused(tmp_path: Path, content: bytes) -> None:
    """Aliases of aliases, and nesting without end."""
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(MatrixError):
        yaml.load(path, MatrixError)


def test_a_file_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    """Nor a device without an end."""
    path = tmp_path / "x.yaml"
    path.touch()
    os.truncate(path, 2**30)
    for what in (path, Path("/dev/zero")):
        with pytest.raises(MatrixError, match=r"too large|is no file"):
            yaml.load(what, MatrixError)
        with pytest.raises(ResultError, match=r"too large|is no file"):
            files.read(what)


def test_a_matrix_without_end_is_refused() -> None:
    """A short file whose products are more cells than anybody could plan."""
    variants = ", ".join(f"'simclr[temperature=0.{n}1]'" for n in range(1, 2000))
    text = MATRIX.decode().replace("[simclr, 'simclr[temperature=0.3]', byol]", f"[{variants}]")
    text = text.replace("replicates: 2", "replicates: 1000")
    with pytest.raises(MatrixError, match="cells, at most"):
        load.parse(yaml.parse(text, MatrixError), TABLE)
