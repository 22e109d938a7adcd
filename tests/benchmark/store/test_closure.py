"""What makes which result stale: on copies of the source, edited."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark import plugins
from benchmark.data import catalogue as datasets
from benchmark.errors import UsageError
from benchmark.evaluation.score import probe_for
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.store import closure
from benchmark.store.closure import Sources, stale, words
from benchmark.store.graph import Graph
from methods.cards import CARDS
from methods.encoders.cards import BUILT_IN
from tests.benchmark.factories import make_cell, make_result
from tests.benchmark.sources import ROOT, copied, edit

METHODS = frozenset(CARDS)
CONTROLS = {"random_init", "supervised"}
LINEAR = (PROTOCOLS["linear"],)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the source."""
    return copied(tmp_path / "copy")


def changed(root: Path, **cell: str) -> set[str]:
    """Return what differs between the copy and the original in a cell's closure."""
    one = make_cell(**cell)  # type: ignore[arg-type]
    before, after = (Sources(each).files(one, LINEAR) for each in (ROOT, root))
    return {name for name in before | after if before.get(name) != after.get(name)}


def stale_methods(root: Path) -> set[str]:
    """Return the methods whose cells an edit of the copy makes stale."""
    return {method for method in METHODS if changed(root, method=method)}


BY_FILE: dict[str, set[str] | frozenset[str]] = {
    "methods/byol.py": {"byol"},
    "methods/aspects/loss/attraction.py": {"byol"},
    "methods/aspects/loss/nce.py": {"amdim", "yadim"},
    "methods/aspects/loss/info_nce.py": {"simclr", "moco_v2", "cpc_v2", *CONTROLS},
    "methods/aspects/extraction/queue.py": {"moco_v2"},
    "methods/aspects/extraction/momentum.py": {"byol", "moco_v2"},
    "methods/aspects/extraction/feature_pairs.py": {"amdim", "yadim"},
    "methods/aspects/extraction/heads.py": {"amdim", "yadim", "simclr", "byol", "moco_v2"},
    "methods/aspects/augmentation/filters.py": {"simclr", "byol", "moco_v2"},
    "methods/aspects/augmentation/transform.py": METHODS,
    "methods/settings.py": METHODS,
    "methods/randomness.py": METHODS,
    "methods/encoders/compact.py": METHODS,
    "benchmark/training/pretrain.py": METHODS,
    "benchmark/training/schedules.py": METHODS,
    "benchmark/evaluation/linear.py": METHODS,
    "benchmark/data/photos.py": METHODS,
    "benchmark/evaluation/sgd.py": set(),
    "benchmark/data/cifar10.py": set(),
    "benchmark/matrix/expand.py": set(),
    "benchmark/store/files.py": set(),
    "benchmark/report/rows.py": set(),
    "methods/cards.py": set(),
    "methods/encoders/resnet.py": set(),
}


@pytest.mark.parametrize("name", BY_FILE)
def test_an_edit_makes_stale_what_uses_the_file_and_nothing_else(root: Path, name: str) -> None:
    """Of cells on photos with `compact`, under the linear probe; the file is named."""
    edit(root, name)
    assert stale_methods(root) == BY_FILE[name]
    for method in BY_FILE[name]:
        assert changed(root, method=method) == {name}


@pytest.mark.parametrize(
    ("name", "encoders"),
    [
        ("compact", {"compact"}), ("amdim", {"amdim"}), ("cpc", {"cpc_resnet101"}),
        ("timm", {"timm:resnet10t"}), ("wide_resnet", {"wide_resnet34"}),
        ("resnet", {"resnet18[width=16]", "wide_resnet34"}),
        ("geometry", {"compact", "amdim", "cpc_resnet101", "resnet18[width=16]", "wide_resnet34"}),
    ],
)  # fmt: skip
def test_an_encoder_makes_its_own_cells_stale(root: Path, name: str, encoders: set[str]) -> None:
    """Options do not matter: the file does."""
    every = (
        "compact", "amdim", "cpc_resnet101", "timm:resnet10t", "resnet18[width=16]", "wide_resnet34"
    )  # fmt: skip
    edit(root, f"methods/encoders/{name}.py")
    assert {encoder for encoder in every if changed(root, encoder=encoder)} == encoders


def test_a_dataset_makes_its_own_cells_stale(root: Path) -> None:
    """And what two readers share, both."""
    every = ("photos", "digits", "cifar10", "stl10[pretrain=train+unlabeled]", "imagenet")
    edit(root, "benchmark/data/cifar10.py")
    assert [name for name in every if changed(root, dataset=name)] == ["cifar10"]
    edit(root, "benchmark/data/packed.py")
    assert [name for name in every if changed(root, dataset=name)] == [*every[2:]]
    edit(root, "benchmark/data/dataset.py")
    assert [name for name in every if changed(root, dataset=name)] == [*every]


def test_comments_docstrings_and_formatting_make_nothing_stale(root: Path) -> None:
    """Every file written anew, without its comments, with other docstrings and line breaks."""
    for path in root.rglob("*.py"):
        path.write_text(
            f'"""Another."""\n\n# a comment\n{ast.unparse(ast.parse(path.read_text()))}'
        )
    assert stale_methods(root) == set()
    assert (root / "methods/byol.py").read_text() != (ROOT / "methods/byol.py").read_text()


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_probe_counts_where_it_is_used(root: Path, name: str) -> None:
    """The probe that the harness takes for a protocol, and no other."""
    protocol, cell = PROTOCOLS[name], make_cell()
    used = type(probe_for(protocol, 10**6)).__module__
    assert closure.probe(protocol) == used
    before = Sources(root).files(cell, [protocol])
    for probe in ("linear", "mlp", "knn", "sgd"):
        edit(root, f"benchmark/evaluation/{probe}.py")
    after = Sources(root).files(cell, [protocol])
    edited = {each for each in before | after if before.get(each) != after.get(each)}
    assert edited == {f"{used.replace('.', '/')}.py"}


IMPORTED = """
import importlib, json, sys
from pathlib import Path
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
own = [name for name in sys.modules if name.startswith(("methods.", "benchmark."))]
files = [Path(sys.modules[name].__file__) for name in own]
print(json.dumps([str(file.relative_to(Path.cwd())) for file in files]))
"""
LEFT_OUT = (
    "methods/cards.py", "methods/catalogue.py", "methods/encoders/cards.py", "benchmark/errors.py",
    "benchmark/plugins.py", "benchmark/progress.py", "benchmark/reading.py", "benchmark/yaml.py",
    "benchmark/data/catalogue.py", "benchmark/matrix/", "benchmark/store/", "benchmark/engines/",
)  # fmt: skip


def test_a_closure_is_what_python_imports() -> None:
    """Less the tables of names and the plumbing; seen in a fresh process."""
    roots = [
        "benchmark.run", *(card.module for card in CARDS.values()),
        *(card.build.partition(":")[0] for card in BUILT_IN.values()),
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, json.dumps(roots)], cwd=ROOT, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    names = {name for name in json.loads(done.stdout) if not name.startswith(LEFT_OUT)}
    own = {name for name in names if not name.endswith("__init__.py")}
    probes = [f"benchmark.evaluation.{name}" for name in ("linear", "mlp", "knn", "sgd")]
    assert len(own) > 40
    assert set(Graph(ROOT).reached([*roots, *probes])) == own


LOOK = """
import sys
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.store.closure import Sources
from tests.benchmark.factories import make_cell
sources = Sources()
for encoder in ("compact", "timm:resnet10t"):
    for dataset in ("cifar10", "photos"):
        assert len(sources.files(make_cell("byol", dataset, encoder), PROTOCOLS.values())) > 30
print([name for name in ("torch", "timm", "methods.byol", "benchmark.run") if name in sys.modules])
"""


def test_nothing_is_imported_to_be_looked_at() -> None:
    """A plan of a thousand cells needs no torch."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_packages_relative_imports_and_names_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A method of another package: its own modules and what it takes of `methods`."""
    texts = {
        "__init__": "from .names import NAME",
        "names": "import json",
        "inner/__init__": "def f(): from ..deep import other",
        "inner/method": "from . import f\nfrom methods.recipe import Recipe\nimport numpy",
        "deep": "from . import missing_here",
        "unused": "",
    }
    for name, text in texts.items():
        path = tmp_path / "someone" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    found = Graph(ROOT).reached(["someone.inner.method"])
    assert {name for name in found if name.startswith("plugin:")} == {
        "plugin:someone", "plugin:someone.names", "plugin:someone.inner",
        "plugin:someone.inner.method", "plugin:someone.deep",
    }  # fmt: skip
    assert {name for name in found if "/" in name} == set(Graph(ROOT).reached(["methods.recipe"]))
    assert "someone" not in sys.modules


def test_a_plugin_is_its_file_and_what_it_imports_of_methods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes by its name, wherever the file lies."""
    path = tmp_path / "mine.py"
    text = (
        "from dataclasses import replace\nfrom methods.cards import BYOL\n"
        "from methods.byol import recipe\nCARD = replace(BYOL, name='mine')\n"
    )
    path.write_text(text)
    monkeypatch.setitem(CARDS, "mine", plugins.load(path))
    cell = make_cell("mine")
    before = Sources().files(cell, LINEAR)
    assert {"plugin:mine", "methods/byol.py", "methods/aspects/loss/attraction.py"} <= set(before)
    path.write_text(f"{text}# a comment\n")
    assert Sources().files(cell, LINEAR) == before
    path.write_text(f"{text}VALUE = 1\n")
    after = Sources().files(cell, LINEAR)
    assert {name for name in after if after[name] != before[name]} == {"plugin:mine"}
    monkeypatch.delitem(sys.modules, "cslbench_plugin_mine")


def test_a_process_tells_what_it_has_imported(root: Path) -> None:
    """An edit between two cells does not reach a process that has read the file before."""
    sources, cell = Sources(root), make_cell("byol")
    before = sources.files(cell, LINEAR)
    edit(root, "methods/byol.py")
    assert sources.files(cell.model_copy(update={"replicate": 1}), LINEAR) == before
    assert sources.files(cell, [PROTOCOLS["knn"]])["methods/byol.py"] == before["methods/byol.py"]
    assert Sources(root).files(cell, LINEAR) != before


def test_a_changed_default_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell leaves out options at their defaults, so its id says nothing of them."""
    result = make_result(dataset="stl10")
    monkeypatch.setitem(BUILT_IN, "compact", replace(BUILT_IN["compact"], options={"width": 64}))
    card = datasets.CARDS["stl10"]
    other = replace(card.options["pretrain"], default="train+unlabeled")
    monkeypatch.setitem(
        datasets.CARDS, "stl10", replace(card, options={**card.options, "pretrain": other})
    )
    monkeypatch.setitem(CARDS, "simclr", replace(CARDS["simclr"], patches=True))
    k = replace(PROTOCOLS["linear"], feature="flat")
    monkeypatch.setitem(PROTOCOLS, "linear", k)
    assert Sources().stale(result) == (
        "card of dataset stl10", "card of encoder compact", "card of method simclr",
        "protocol linear",
    )  # fmt: skip


def test_what_changed_went_or_came_is_named(root: Path) -> None:
    """By its path, in order."""
    result = make_result("byol")
    assert Sources(root).stale(result) == ()
    edit(root, "methods/aspects/similarity.py")
    loss = root / "methods/aspects/loss/attraction.py"
    loss.rename(loss.with_name("pull.py"))
    method = root / "methods/byol.py"
    method.write_text(method.read_text().replace("loss.attraction", "loss.pull"))
    assert Sources(root).stale(result) == (
        "methods/aspects/loss/attraction.py", "methods/aspects/loss/pull.py",
        "methods/aspects/similarity.py", "methods/byol.py",
    )  # fmt: skip


def test_other_content_than_the_pinned_is_stale() -> None:
    """Where a dataset's module says what it loads; of others nothing is known without files."""
    assert Sources().stale(make_result(dataset_sha256="cd" * 32)) == ("content of photos",)
    assert Sources().stale(make_result(dataset="cifar10", dataset_sha256="cd" * 32)) == ()


def test_a_result_from_before_sources_were_recorded_is_stale() -> None:
    """Nothing is known of what made it."""
    changed = Sources().stale(make_result(closure={}))
    assert words(changed) == "stale (made before sources were recorded)"
    assert stale(make_result(closure={}), {}) == changed


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ((), ""),
        (("methods/aspects/loss/nce.py",), "stale (nce.py changed)"),
        (("a/nce.py", "b/crop.py"), "stale (nce.py and crop.py changed)"),
        (("a/nce.py", "b/crop.py", "c", "d", "e"), "stale (nce.py, crop.py and 3 more changed)"),
        (("content of photos",), "stale (content of photos changed)"),
        (("plugin:mine",), "stale (plugin:mine changed)"),
        (("a/\x1b[2Jb.py",), "stale (?[2Jb.py changed)"),
    ],
)
def test_the_mark_names_the_files(names: tuple[str, ...], says: str) -> None:
    """Two at most, and how many more."""
    assert words(names) == says


@pytest.mark.parametrize(
    "cell", [{"method": "nobodys"}, {"encoder": "nobodys"}, {"dataset": "nobodys"}]
)
def test_a_name_that_nobody_has_is_an_error_in_words(cell: dict[str, str]) -> None:
    """A plugin's result looked at without the plugin, or a stranger's."""
    with pytest.raises(UsageError, match="'nobodys'"):
        Sources().files(make_cell(**cell), LINEAR)  # type: ignore[arg-type]
