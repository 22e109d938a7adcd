"""A verdict is given where everything agrees; elsewhere it names what does not."""

from __future__ import annotations

import dataclasses
import math
import statistics

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark.errors import UsageError
from benchmark.evidence import assume
from benchmark.evidence.reported import Reported, Scoring, Spent, load_reported
from benchmark.evidence.verdict import Measured, Verdict, protocol_differences, verdict

LINEAR = Scoring(
    probe="linear",
    feature="pooled",
    pretrain_split="train",
    probe_split="train",
    resolution=32,
    online=False,
    selection="last",
)
KNN = LINEAR.model_copy(update={"probe": "knn", "k": 200, "selection": "best_on_test"})
OURS = Measured(
    method="simclr",
    variant="",
    dataset="cifar10",
    encoder="resnet18",
    protocol=LINEAR,
    epochs=1000.0,
    values=(90.9, 91.0, 91.1),
)
THEIRS = Reported(
    id="them",
    value=91.0,
    unit="percent",
    metric="top1",
    method="simclr",
    variant="",
    dataset="cifar10",
    encoder="resnet18",
    protocol=LINEAR,
    budget=Spent(epochs=1000),
    source="somebody",
    certainty="seen",
)


def shipped(name: str) -> Reported:
    """Find a shipped entry."""
    return {entry.id: entry for entry in load_reported()}[name]


def judged(theirs: float, *ours: float, margin: float = 1.0, runs: int | None = None) -> Verdict:
    """Judge replicates that agree with the reported number in everything."""
    reported = THEIRS.model_copy(update={"value": theirs, "margin": margin, "runs": runs})
    return verdict(dataclasses.replace(OURS, values=ours), reported)


def against(**changes: object) -> str:
    """Judge our row by a number that differs in some fields."""
    return verdict(OURS, THEIRS.model_copy(update=changes)).text


def test_nothing_run_is_not_run() -> None:
    """No result, no comparison."""
    assert verdict(None, THEIRS) == Verdict("not run", "not run")


@pytest.mark.parametrize(
    ("theirs", "ours", "kind"),
    [
        (91.0, (90.9, 91.0, 91.1), "reproduced"),
        (93.0, (90.9, 91.0, 91.1), "below"),
        (89.0, (90.9, 91.0, 91.1), "above"),
        (92.0, (90.9, 91.0, 91.1), "inconclusive"),
        (91.0, (89.0, 91.0, 93.0), "inconclusive"),
        (91.0, (91.0,), "inconclusive"),
        (80.0, (91.0,), "inconclusive"),
    ],
)
def test_the_interval_decides(theirs: float, ours: tuple[float, ...], kind: str) -> None:
    """Inside the margin, wholly beyond it, or neither; one replicate never decides."""
    assert judged(theirs, *ours).kind == kind


def test_the_text_shows_difference_interval_margin_and_replicates() -> None:
    """Worked by hand: sd 0.1, t(0.95, 2) = 2.92, half width 0.1 * sqrt(1/3 + 1) * 2.92 = 0.337."""
    assert judged(91.2, 90.9, 91.0, 91.1).text == (
        "reproduced: -0.20 points [-0.54, +0.14], margin 1 (smallest possible 0.34), n = 3, "
        "test images fixed"
    )
    assert judged(91.2, 91.0).text == (
        "inconclusive: -0.20 points in one replicate; two are the least"
    )


def test_more_reported_runs_narrow_the_interval() -> None:
    """The same spread decides against five runs, not against one."""
    assert judged(91.0, 90.6, 91.0, 91.4, margin=1.2).kind == "inconclusive"
    assert judged(91.0, 90.6, 91.0, 91.4, margin=1.2, runs=5).kind == "reproduced"


@given(
    ours=st.lists(st.floats(10, 90), min_size=2, max_size=8),
    theirs=st.floats(10, 90),
    margin=st.floats(0.1, 20),
    runs=st.integers(1, 5),
)
def test_the_kind_is_that_of_two_one_sided_t_tests(
    ours: list[float], theirs: float, margin: float, runs: int
) -> None:
    """Against scipy.stats' t distribution, p-values instead of intervals."""
    deviation = statistics.stdev(ours)
    hypothesis.assume(deviation >= 1e-3)
    error = deviation * math.sqrt(1 / len(ours) + 1 / runs)
    difference, degrees = statistics.fmean(ours) - theirs, len(ours) - 1
    above_low = float(stats.t.sf((difference + margin) / error, degrees))
    below_high = float(stats.t.cdf((difference - margin) / error, degrees))
    hypothesis.assume(
        all(abs(p - edge) > 1e-9 for p in (above_low, below_high) for edge in (0.05, 0.95))
    )
    expected = "inconclusive"
    if max(above_low, below_high) < 0.05:
        expected = "reproduced"
    elif above_low > 0.95:
        expected = "below"
    elif below_high > 0.95:
        expected = "above"
    assert judged(theirs, *ours, margin=margin, runs=runs).kind == expected


def test_the_interval_of_the_mean_is_scipys() -> None:
    """95 % t interval over replicates; none for a single one."""
    low, high = OURS.interval() or (0.0, 0.0)
    expected = stats.t.interval(0.95, 2, loc=91.0, scale=0.1 / math.sqrt(3))
    assert (low, high) == pytest.approx(expected, abs=1e-9)
    assert dataclasses.replace(OURS, values=(91.0,)).interval() is None


def test_another_budget_is_said_in_epochs() -> None:
    """13 epochs are no 1000 epochs, whatever the accuracy."""
    short = dataclasses.replace(OURS, epochs=13.0)
    found = verdict(short, THEIRS)
    assert found.text == "not comparable: 13 of 1000 epochs"
    assert (found.kind, found.fields) == ("not comparable", ("epochs",))


@pytest.mark.parametrize(
    ("ours", "theirs", "text"),
    [
        ({"epochs": 1000.0, "seen": 983.04 * 50_000, "asked": True}, {"epochs": 1000}, ""),
        ({"epochs": 997.0, "seen": 980.1 * 50_000, "asked": True}, {"epochs": 1000},
         "997 of 1000 epochs"),
        ({"epochs": 983.04, "seen": 983.04 * 50_000}, {"epochs": 1000}, ""),
        ({"epochs": 975.0, "seen": 975.0 * 50_000}, {"epochs": 1000}, "975 of 1000 epochs"),
        ({"epochs": 1000.0, "seen": 5e7}, {"epochs": 983}, "1000 of 983 epochs"),
        ({"epochs": 0.16, "seen": 192.0, "batch": 64}, {"images": 192}, ""),
        ({"epochs": 0.16, "seen": 192.0, "batch": 64}, {"epochs": 0.16}, ""),
        ({"epochs": 0.16, "seen": 192.0, "batch": 64}, {"images": 255}, ""),
        ({"epochs": 0.16, "seen": 192.0, "batch": 64}, {"images": 256}, "192 of 256 images"),
        ({"epochs": 0.16, "seen": 192.0, "batch": 64}, {"epochs": 0.16, "images": 400},
         "192 of 400 images"),
        ({"epochs": 1000.0, "seen": None}, {"images": 192}, "epochs unknown"),
    ],
)  # fmt: skip
def test_lengths_are_compared_as_asked_and_whole_batches_allowed(
    ours: dict[str, object], theirs: dict[str, object], text: str
) -> None:
    """An epoch of 50,000 images has 48 whole batches of 1024: 1000 of them are 983 passes."""
    mine = dataclasses.replace(OURS, **{"batch": 1024, **ours})  # type: ignore[arg-type]
    found = verdict(mine, THEIRS.model_copy(update={"budget": Spent.model_validate(theirs)}))

    assert found.text.startswith(f"not comparable: {text}" if text else "reproduced: ")


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"encoder": None, "protocol": Scoring(), "budget": Spent(), "variant": None},
         "encoder, protocol unknown"),
        ({"protocol": KNN}, "linear vs kNN-200 probe; best-on-test selection"),
        ({"encoder": "resnet50"}, "resnet18 vs resnet50 encoder"),
        ({"variant": "symmetric"}, "default vs symmetric variant"),
        ({"metric": "top5"}, "top1 vs top5 metric"),
        ({"method": "byol"}, "simclr vs byol method"),
        ({"dataset": "stl10"}, "cifar10 vs stl10 dataset"),
        ({"budget": Spent()}, "epochs unknown"),
        ({"reading": "about"}, "reported as about 91"),
        ({"variant": None, "budget": Spent(epochs=800)}, "1000 of 800 epochs; variant unknown"),
    ],
)  # fmt: skip
def test_fields_that_differ_or_are_unknown_are_named(
    changes: dict[str, object], reasons: str
) -> None:
    """The reasons stand behind the kind, differences first."""
    assert against(**changes) == f"not comparable: {reasons}"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("probe", "finetune", "linear vs finetune probe"),
        ("feature", "flat", "pooled vs flat feature"),
        ("pretrain_split", "train+unlabeled", "train vs train+unlabeled pretraining split"),
        ("probe_split", "folds", "train vs folds probe split"),
        ("resolution", 64, "32 px vs 64 px resolution"),
        ("online", True, "offline vs online probe"),
        ("selection", "held_out", "held-out selection"),
    ],
)
def test_every_blocking_field_blocks_by_itself(field: str, value: object, reason: str) -> None:
    """Different, and also unknown on either side."""
    assert against(protocol=LINEAR.model_copy(update={field: value})) == f"not comparable: {reason}"
    unknown = LINEAR.model_copy(update={field: None})
    name = field.replace("pretrain_", "pretraining ").replace("_", " ")
    assert against(protocol=unknown) == f"not comparable: {name} unknown"
    ours = dataclasses.replace(OURS, protocol=unknown)
    assert verdict(ours, THEIRS).text == f"not comparable: {name} unknown"


@pytest.mark.parametrize("field", ["augmentation", "solver"])
def test_noted_fields_do_not_block(field: str) -> None:
    """How the probe was fitted is shown beside the number, and no more."""
    assert verdict(
        OURS, THEIRS.model_copy(update={"protocol": LINEAR.model_copy(update={field: "other"})})
    ).kind == "reproduced"  # fmt: skip


def test_the_size_of_a_probe_belongs_to_its_class() -> None:
    """kNN-20 is no kNN-200, and a kNN of unknown k is neither."""
    twenty, unknown = (KNN.model_copy(update={"k": k}) for k in (20, None))
    assert [d.text for d in protocol_differences(twenty, KNN)] == ["kNN-20 vs kNN-200 probe"]
    assert [d.field for d in protocol_differences(KNN, unknown)] == ["k"]
    mlp = LINEAR.model_copy(update={"probe": "mlp", "width": 1024})
    assert [d.text for d in protocol_differences(LINEAR, mlp)] == ["linear vs MLP-1024 probe"]


def test_solo_learns_online_and_offline_numbers_refuse_to_merge() -> None:
    """The field that keeps 62.61 and 66.84 apart is named."""
    online, offline = (shipped(f"solo-moco_v2-imagenet-{how}") for how in ("online", "offline"))
    found = [d for d in protocol_differences(online.protocol, offline.protocol) if not d.unknown]
    assert [(d.field, d.text) for d in found] == [("online", "online vs offline probe")]


def test_ours_meets_solo_learns_offline_number_and_not_its_online_one() -> None:
    """The same row of ours: against 62.61 only `online` stands in the way, and by its name."""
    scoring = LINEAR.model_copy(update={"resolution": 224})
    ours = dataclasses.replace(
        OURS, method="moco_v2", variant="symmetric", dataset="imagenet", encoder="resnet50",
        protocol=scoring, epochs=100.0, values=(66.8, 66.9, 66.7),
    )  # fmt: skip
    assumptions = assume.parse(
        [f"{field}=train" for field in ("pretrain_split", "probe_split")]
        + ["resolution=224", "selection=last"]
    )
    names = [f"solo-moco_v2-imagenet-{how}" for how in ("online", "offline")]
    online, offline = (
        verdict(ours, filled.entry) for filled in assume.fill(map(shipped, names), assumptions)
    )

    assert (online.kind, online.fields) == ("not comparable", ("online",))
    assert online.text.startswith("not comparable: offline vs online probe (assuming ")
    assert offline.kind == "reproduced"
    with pytest.raises(UsageError, match=r"online=false is refused: online is stated as True"):
        assume.fill([shipped(names[0])], assume.parse(["online=false"]))


def test_the_papers_own_number_cannot_be_compared() -> None:
    """YADIM's 92.15 names neither encoder nor protocol."""
    ours = dataclasses.replace(OURS, method="yadim", dataset="stl10")
    assert verdict(ours, shipped("paper-yadim-stl10")).text == (
        "not comparable: encoder, protocol unknown"
    )


@pytest.mark.parametrize("certainty", ["memory", "inferred"])
def test_what_was_never_seen_is_never_judged(certainty: str) -> None:
    """Not even where everything agrees, and not where nothing was run."""
    theirs = THEIRS.model_copy(update={"certainty": certainty})
    for ours in (OURS, None):
        found = verdict(ours, theirs)
        assert found.kind == "not comparable"
        assert found.text in ("from memory: no verdict", "inferred: no verdict")


def test_no_shipped_number_from_memory_gets_a_verdict() -> None:
    """Over the whole file, with a result made to agree in all that the entry states."""
    for entry in load_reported():
        if entry.certainty != "seen":
            ours = dataclasses.replace(
                OURS,
                method=entry.method,
                dataset=entry.dataset,
                encoder=entry.encoder or "resnet18",
                protocol=entry.protocol,
            )
            assert verdict(ours, entry).text == "from memory: no verdict"


@pytest.mark.parametrize("values", [(), (101.0,), (-0.1,), (math.nan,)])
def test_measured_values_are_percent(values: tuple[float, ...]) -> None:
    """An empty row, a fraction gone wrong, or a NaN is refused."""
    with pytest.raises(ValueError, match=r"^values must"):
        dataclasses.replace(OURS, values=values)
