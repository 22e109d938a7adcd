"""`compare`, `import`, and what a reader adds to the leaderboard: assumptions and own numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application
from benchmark.evidence.assume import Filled
from benchmark.evidence.reported import load_with
from benchmark.report.compare import compare as held_against
from benchmark.report.grouping import tables
from benchmark.store import files
from tests.benchmark.factories import make_result

EXAMPLES = Path(__file__).parents[1] / "evidence" / "tables"
MINE = """\
reported:
  - id: mine
    value: 70.2
    unit: percent
    metric: top1
    method: simclr
    variant: ""
    dataset: photos
    encoder: compact
    protocol: {probe: linear, feature: pooled, pretrain_split: train, probe_split: train,
               resolution: 32, online: false}
    source: a friend
    certainty: seen
"""
ASSUMED = ("--assume", "selection=last", "--assume", "epochs=6")


def cslbench(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(application(), [str(each) for each in arguments])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Make a store with three replicates of two methods and of the floor."""
    results = tmp_path / "results"
    for replicate, off in enumerate((-0.1, 0.0, 0.1)):
        for name, mean, scale in (("simclr", 70.0, 1), ("byol", 60.0, 2), ("random_init", 40, 90)):
            found = make_result(name, mean + scale * off, replicate=replicate, epochs=6.0)
            files.write(results, found, {})
    (tmp_path / "mine.yaml").write_text(MINE)
    return results


def compared(store: Path, *arguments: str) -> list[dict[str, object]]:
    """Return what `compare` says of the number of one's own as JSON."""
    own = ("--results", store, "--reported", store.parent / "mine.yaml", "--json")
    done = cslbench("compare", *arguments, *own)
    assert done.exit_code == 0, done.output
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_a_comparison_shows_both_sides_of_every_field(store: Path) -> None:
    """What is open on one side is named; nothing is judged."""
    (found,) = compared(store, "mine")

    assert found["verdict"] == "not comparable"
    assert found["blocking"] == ["epochs", "selection"]
    assert found["estimate"] is None
    states = {side["field"]: side["state"] for side in found["fields"]}  # type: ignore[attr-defined]
    assert {name for name, state in states.items() if state != "same"} == {"epochs", "selection"}
    assert {states["epochs"], states["selection"]} == {"open"}
    assert found["ours"] == {"mean": pytest.approx(70.0), "values": [69.9, 70.0, 70.1]}


def test_a_length_in_images_is_held_against_our_images(store: Path) -> None:
    """50,176 images were seen; the source has no epochs to compare."""
    own = store.parent / "mine.yaml"
    own.write_text(MINE.replace("    source:", "    budget: {images: 50200}\n    source:"))

    (found,) = compared(store, "mine", "--assume", "selection=last")

    assert found["verdict"] == "reproduced"
    sides = {side["field"]: side for side in found["fields"]}  # type: ignore[attr-defined]
    assert "epochs" not in sides
    assert sides["images"] == {
        "field": "images", "reported": "50200", "ours": "50176", "state": "same"
    }  # fmt: skip


def test_assumptions_lead_to_a_verdict_with_all_its_numbers(store: Path) -> None:
    """By hand: sd of the two methods pooled, sqrt((2 * 0.01 + 2 * 0.04) / 4).

    The floor, which varies by nine points, has no part in it.
    """
    (found,) = compared(store, "mine", *ASSUMED)
    numbers = found["estimate"]

    assert found["verdict"] == "reproduced"
    assert found["assumed"] == ["selection=last", "epochs=6"]
    assert isinstance(numbers, dict)
    assert numbers["sd"] == pytest.approx(0.025**0.5)
    assert numbers["sd_rows"] == 2
    assert numbers["degrees_of_freedom"] == 4
    assert numbers["standard_error"] == pytest.approx((0.025 * 4 / 3) ** 0.5)
    assert numbers["smallest_margin"] == pytest.approx(numbers["high"] - numbers["difference"])
    assert (numbers["test_images"], numbers["n"], numbers["runs"]) == ("fixed", 3, 1)


def test_the_population_is_asked_for_by_name(store: Path) -> None:
    """The noise of 2,048 test images, worth some fewer as they are clustered, decides here."""
    (fixed,), (drawn,) = compared(store, "mine", *ASSUMED), compared(
        store, "mine", *ASSUMED, "--population"
    )  # fmt: skip

    assert (fixed["verdict"], drawn["verdict"]) == ("reproduced", "inconclusive")
    assert str(fixed["text"]).count("test images fixed") == 1
    assert str(drawn["text"]).count("test images drawn") == 1


def test_a_comparison_reads_well(store: Path) -> None:
    """Value, source, certainty, fields, verdict, interval, margin, smallest margin."""
    own = ("--results", store, "--reported", store.parent / "mine.yaml")
    lines = cslbench("compare", "mine", *ASSUMED, *own).stdout.splitlines()

    assert lines[0] == "mine: simclr on photos, 70.2 % (seen)"
    assert lines[1:4] == [
        "  source: a friend",
        "  assumed: selection=last, epochs=6",
        "  ours: 70.00 % (n = 3: 69.90, 70.00, 70.10)",
    ]
    assert ["epochs", "6", "6", "assumed"] in [line.split() for line in lines]
    assert lines[-2].startswith("  verdict: reproduced: -0.20 points [")
    assert "margin 1 (smallest possible 0." in lines[-2]
    assert lines[-1].startswith(
        "  standard error: 0.183 points; sd 0.158 pooled over 2 rows, times"
    )


def test_without_ids_what_nothing_was_run_for_is_counted(store: Path) -> None:
    """The shipped numbers are of other datasets."""
    done = cslbench("compare", "--results", store, "--reported", store.parent / "mine.yaml")
    assert done.stdout.splitlines()[0].startswith("mine: ")
    assert done.stdout.splitlines()[-1] == "142 numbers have no result of ours."
    assert cslbench("compare", "--results", store).stdout == "142 numbers have no result of ours.\n"


def test_an_unknown_number_or_a_taken_id_is_exit_2(store: Path) -> None:
    """One sentence; nothing on stdout."""
    own = ("--results", store, "--reported", store.parent / "mine.yaml")
    unknown = cslbench("compare", "mein", *own)
    twice = cslbench("compare", *own, *own[2:])
    shipped = store.parent / "shipped.yaml"
    shipped.write_text(MINE.replace("id: mine", "id: paper-yadim-stl10"))
    clash = cslbench("leaderboard", "--results", store, "--reported", shipped)

    for done, words in (
        (unknown, "error: unknown reported number 'mein'; did you mean 'mine'?"),
        (twice, "error: mine.yaml: the id 'mine' is taken by mine.yaml"),
        (clash, "error: shipped.yaml: the id 'paper-yadim-stl10' is taken by the shipped numbers"),
    ):
        assert done.exit_code == 2
        assert done.stderr.startswith(words)
        assert not done.stdout


def test_every_difference_that_blocks_is_seen_side_by_side() -> None:
    """Over all shipped numbers: what a comparison marks is what the verdict names, and no less."""
    results = [
        make_result(method, dataset=dataset, encoder="resnet18", scores={"knn": 60.0})
        for method in ("simclr", "byol", "moco_v2", "amdim", "yadim")
        for dataset in ("cifar10", "stl10", "imagenet")
    ]
    count = 0
    for found in held_against(map(Filled, load_with(())), tables(results)):
        if found.ours is None or found.number.entry.certainty != "seen":
            continue
        count += 1
        marked = {side.field for side in found.sides if side.state in ("open", "differs")}
        named = {"probe" if name in ("k", "width") else name for name in found.verdict.fields}
        if "protocol" in named:
            assert {"probe", "online", "selection"} <= marked
            named -= {"protocol"}
        assert named - {"reading"} <= marked
        assert marked or "reading" in named
    assert count > 50


def test_an_assumption_is_printed_and_never_written(store: Path) -> None:
    """Beside the verdict, beside the number, and at the top of what is printed."""
    own = ("leaderboard", "--results", store, "--reported", store.parent / "mine.yaml")
    printed = cslbench(*own, *ASSUMED).stdout
    row = next(line for line in printed.splitlines() if line.startswith("| simclr"))

    assert "70.2 (assuming selection=last, epochs=6)" in row
    assert "reproduced: -0.20 points" in row
    assert "- Assumed by the reader, not stated by the source: epochs=6 (of " in printed
    for option in ("--write", "--check", "--json"):
        done = cslbench(*own, *ASSUMED, option)
        assert done.exit_code == 2
        assert "--assume changes what is printed" in done.stderr
    assert not (store.parent / "leaderboard.md").exists()


def test_numbers_of_ones_own_can_be_written_and_checked(store: Path) -> None:
    """With the same file; without it the board is another."""
    own = ("leaderboard", "--results", store, "--reported", store.parent / "mine.yaml")
    assert cslbench(*own, "--write").exit_code == 0
    assert "a friend" in (store.parent / "leaderboard.md").read_text()
    assert cslbench(*own, "--check").exit_code == 0
    assert cslbench("leaderboard", "--results", store, "--check").exit_code == 1


@pytest.mark.parametrize(
    ("name", "style", "dataset", "count"),
    [
        ("lightly-cifar10.csv", "lightly", "cifar10", 9),
        ("solo-learn-imagenet.md", "solo-learn", "imagenet", 4),
    ],
)
def test_an_imported_table_is_a_file_of_reported_numbers(
    tmp_path: Path, name: str, style: str, dataset: str, count: int
) -> None:
    """What `import` prints, `compare --reported` takes; unseen numbers are from memory."""
    told = ("--as", style, "--source", "their docs", "--with", f"dataset={dataset}")
    done = cslbench("import", EXAMPLES / name, *told)
    assert done.exit_code == 0, done.output
    file = tmp_path / "theirs.yaml"
    file.write_text(done.stdout)

    entries = load_with([file])[142:]
    assert len(entries) == count
    assert {entry.certainty for entry in entries} == {"memory"}
    assert {entry.source for entry in entries} == {"their docs"}
    found = cslbench(
        "compare", entries[0].id, "--reported", file, "--results", tmp_path
    )  # fmt: skip
    assert "verdict: from memory: no verdict" in found.stdout


def test_a_table_that_cannot_be_imported_is_exit_2(tmp_path: Path) -> None:
    """One sentence, no YAML."""
    table = tmp_path / "table.csv"
    table.write_text("method,value\nsimclr,90\n")
    told = ("import", table, "--as", "plain", "--source", "them")

    for more, words in (
        ((), "error: table.csv: names no dataset; say it by --with dataset=NAME"),
        (("--with", "dataset"), "error: --with: must be FIELD=VALUE, each field once"),
        (("--with", "k=1", "--with", "k=2"), "error: --with: must be FIELD=VALUE, each field"),
        (("--source", " "), "error: --source: must be 1 to 500 characters that print"),
    ):
        done = cslbench(*told, *more)
        assert done.exit_code == 2
        assert done.stderr.startswith(words)
        assert not done.stdout
