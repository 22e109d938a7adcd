"""The published numbers are complete, sourced, and as their sources give them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmark.errors import ReportedError
from benchmark.evidence.reported import Reported, Scoring, load_reported

ENTRY = """\
  - id: {id}
    value: {value}
    unit: percent
    metric: top1
    method: simclr
    dataset: cifar10
    source: somebody
    certainty: {certainty}
"""


def by_id(name: str) -> Reported:
    """Find a shipped entry."""
    return {entry.id: entry for entry in load_reported()}[name]


def write(folder: Path, *entries: str) -> Path:
    """Write a file of reported numbers."""
    file = folder / "mine.yaml"
    file.write_text("reported:\n" + "".join(entries))
    return file


def entry(id: str = "a", value: str = "90.5", certainty: str = "seen", more: str = "") -> str:
    """Word one entry."""
    return ENTRY.format(id=id, value=value, certainty=certainty) + more


def test_every_number_has_a_source_and_an_id_of_its_own() -> None:
    """All 142 entries say where they come from and can be told apart."""
    entries = load_reported()
    assert len(entries) == len({entry.id for entry in entries}) == 142
    assert all(entry.source.strip() for entry in entries)
    assert not any("http" in entry.source for entry in entries)


@pytest.mark.parametrize(
    ("method", "dataset", "encoder", "probe", "epochs", "batch", "values"),
    [
        ("yadim", "stl10", None, None, None, None, {92.15}),
        ("yadim", "imagenet", None, None, None, None, {59.19}),
        ("simulated_fixations", "stl10", None, None, None, None, {61.0}),
        ("cpc_v2", "cifar10", "cpc_resnet101", None, 1000, 64, {84.52}),
        ("cpc_v2", "stl10", "cpc_resnet101", None, 1000, 144, {78.36}),
        ("simclr", "cifar10", "resnet50", None, 800, 2048, {88.50}),
        ("simclr", "cifar10", "resnet50", None, 960, 512, {85.68}),
        ("swav", "stl10", "resnet50", None, 100, 128, {86.72}),
        ("amdim", "imagenet", "amdim[ndf=320,rkhs=2560,depth=10]", "linear", 150, 1008, {68.1}),
        ("simclr", "cifar10", "resnet50", "linear", 1000, 1024, {94.0}),
        ("simclr", "cifar10", "resnet18", "linear", 1000, 512, {91.0}),
        ("simclr", "imagenet", "resnet50", "linear", 300, 256, {64.3}),
        ("byol", "imagenet", "resnet50", "linear", 300, 64, {59.7}),
        ("byol", "imagenet", "resnet50", "linear", 1000, 4096, {74.3, 91.6, 74.0, 74.5, 74.4}),
        ("byol", "imagenette", "resnet18", "linear", 1000, 256, {92.3}),
        ("byol", "cifar10", "resnet50", "finetune", None, None, {97.8}),
        ("moco_v2", "imagenet", "resnet50", "linear", 200, 256, {67.5}),
        ("moco_v2", "cifar10", "resnet18", "knn", 200, 512, {82.6, 85.3, 84.7}),
        ("moco_v2", "imagenet", "resnet50", "linear", 100, None, {62.61, 66.84}),
        ("byol", "cifar10", "resnet18", "linear", 1000, None, {92.58}),
        ("byol", "cifar10", "resnet18", "knn", 800, 512, {91.0}),
        ("simclr", "imagenet100", "resnet18", "linear", 400, None, {77.64}),
    ],
)
def test_numbers_stand_where_their_sources_put_them(
    *,
    method: str,
    dataset: str,
    encoder: str | None,
    probe: str | None,
    epochs: int | None,
    batch: int | None,
    values: set[float],
) -> None:
    """A table copied by hand from the survey of published numbers, not from the file."""
    found = {
        entry.value
        for entry in load_reported()
        if (entry.method, entry.dataset, entry.encoder) == (method, dataset, encoder)
        and entry.protocol.probe == probe
        and (entry.budget.epochs, entry.budget.batch) == (epochs, batch)
    }
    assert found == values


SURVEY = """
yadim 92.15 91.3 59.19
amdim 93.8 94.5 93.1 68.1 63.5 63 62 67 67.4 55 91.2 93.1 89.5 91.4 93.8 94.5
amdim 93.4 93.8 94.2 94.5 90.3 90.6 88.3 89.4 86 87.1 92.6 93 93.5 93.8
simulated_fixations 61
cpc_v2 78.36 84.52 54.82 84.52 78.36 54.82 71.5 90.1 63.8 85.3
cpc_v1 48.7
swav 86.72 74 75.3
supervised 95.1
simclr 88.5 85.68 86.75 68.4 69.3 89 69.1 74.2 76.5 64.5 67.9 64.3 94 91 90.6 97.7
simclr 90.74 65.78 77.64 84.7 84.8 87.9 63.2 44.8 46.9 88.9
simclr 93.6 93.5 92.65 93.3 91.9 74.45 71.21
byol 74.3 91.6 74 74.5 74.4 73.7 72.5 72.4 72.2 72.2 71.8 69.6 59.7 79.6 91.3 97.8 92.3
byol 92.58 70.46 80.16 80.32 68.63 68.37 86.9 86.8 91 62.5 46 43.9 88.7 69.9 71.62
moco_v1 60.8 60.6
moco_v2 67.5 71.1 66.2 63.4 67.3 67.5 82.6 86.3 88.7 85.3 88.5 89.7 90.7
moco_v2 92.94 69.89 78.2 79.28 62.61 66.84 83.8 84.7 89.9 61.5 41.8 56 87.4
"""
"""Every number of the survey of published numbers, table by table, copied by hand from there."""


def test_every_number_of_the_survey_is_there_and_no_other() -> None:
    """As often as the survey has it."""
    surveyed = Counter(
        (method, float(value))
        for method, *values in map(str.split, SURVEY.strip().splitlines())
        for value in values
    )
    assert Counter((entry.method, entry.value) for entry in load_reported()) == surveyed
    assert surveyed.total() == 142


def test_what_is_remembered_is_marked_so() -> None:
    """The paper's own CIFAR-10 and ImageNet rows and two ablations were never seen."""
    memory = {entry.id for entry in load_reported() if entry.certainty == "memory"}
    assert {"paper-yadim-cifar10", "paper-yadim-imagenet", "paper-amdim-cifar10"} <= memory
    ablations = {name for name in memory if "ablation" in name}
    assert len(ablations) == 14 + 4
    assert len(memory) == 3 + 2 + 14 + 4
    assert all("from memory" in by_id(name).source for name in memory)


def test_online_and_offline_numbers_of_one_model_stay_two() -> None:
    """solo-learn's 62.61 and 66.84 differ in nothing but `online` and their value."""
    online, offline = by_id("solo-moco_v2-imagenet-online"), by_id("solo-moco_v2-imagenet-offline")
    assert (online.value, offline.value) == (62.61, 66.84)
    a, b = online.model_dump(exclude={"id", "value"}), offline.model_dump(exclude={"id", "value"})
    assert a["protocol"].pop("online") is True
    assert b["protocol"].pop("online") is False
    assert a == b


def test_a_transfer_number_is_no_pretraining_number() -> None:
    """BYOL's 91.3 on CIFAR-10 is of an encoder that saw ImageNet."""
    assert by_id("byol-cifar10-transfer-linear").protocol.pretrain_split == "imagenet:train"


def test_the_best_epoch_on_the_test_set_is_told() -> None:
    """All of lightly's CIFAR-10 numbers are maxima over training."""
    rows = [entry for entry in load_reported() if entry.id.startswith("lightly-")]
    cifar = [entry for entry in rows if entry.dataset == "cifar10"]
    assert len(cifar) == 9
    assert {entry.protocol.selection for entry in cifar} == {"best_on_test"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((entry(value="190.5"),), "mine.yaml:3: value: input should be less than or equal to 100"),
        ((entry(value="'90'"),), "mine.yaml:3: value: input should be a valid number (got '90')"),
        ((entry(certainty="sure"),), "mine.yaml:9: certainty: input should be 'seen', 'memory' or"),
        ((entry(id="A b"),), "mine.yaml:2: id: string should match pattern"),
        ((entry().replace("somebody", "' '"),), "mine.yaml:8: source: string should match pattern"),
        ((entry(more="    probe: linear\n"),), "mine.yaml:10: probe: extra inputs"),
        ((entry(more="    protocol: {k: 200}\n"),), "k belongs to the probe 'knn' (got None)"),
        ((entry(more="    protocol: {probe: knn, width: 9}\n"),), "width belongs to the probe"),
        ((entry(), entry()), "mine.yaml:10: the id 'a' twice (first in mine.yaml:2)"),
        ((entry(more="    repeats: b\n"),), "mine.yaml:10: repeats must name another entry"),
        ((entry(more="    repeats: a\n"),), "with the value 90.5 (got 'a')"),
        (("  a: 1\n",), "mine.yaml:1: reported must be a list"),
        ((entry(), "more: 1\n"), "mine.yaml: must hold one key, 'reported'"),
        (("  - 1\n",), "mine.yaml:2: entry: input should be a valid dictionary"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_line(
    tmp_path: Path, rows: tuple[str, ...], message: str
) -> None:
    """One sentence with file, line, field and what was given."""
    with pytest.raises(ReportedError) as caught:
        load_reported(write(tmp_path, *rows))
    assert message in str(caught.value)


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    """What is left out is unknown, the margin is a point."""
    (mine,) = load_reported(write(tmp_path, entry(more="    protocol: {probe: mlp}\n")))
    assert (mine.value, mine.margin, mine.encoder) == (90.5, 1.0, None)
    assert mine.protocol == Scoring(probe="mlp")
    assert mine.protocol.probe_class is None


def test_reported_numbers_need_no_torch() -> None:
    """Reading them imports neither torch nor pandas nor scipy.stats."""
    code = (
        "import sys; from benchmark.evidence import reported, verdict; reported.load_reported();"
        "print(*sorted({'torch', 'pandas', 'scipy.stats'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
