"""`cslbench plot`: files, JSON, and what cannot be drawn."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application
from benchmark.report.plot.kinds import KINDS
from benchmark.report.plot.style import FORMATS
from benchmark.store import files
from tests.benchmark.factories import make_result
from tests.benchmark.report.plot.stores import several, trained


def cslbench(*arguments: str | Path) -> Result:
    """Run `plot` in this process."""
    return CliRunner().invoke(application(), ["plot", *map(str, arguments)])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three methods on two encoders with controls."""
    folder = tmp_path_factory.mktemp("results")
    for result in several():
        files.write(folder, result, {})
    return folder


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve nights of one method, which drops in the middle."""
    folder = tmp_path_factory.mktemp("nights")
    for day in range(1, 13):
        for k in range(3 * day, 3 * day + 3):
            value = 70.0 - 4 * (day > 6) + 0.1 * (k % 5)
            files.write(
                folder / f"2026-11-{day:02d}/results", make_result(value=value, replicate=k), {}
            )
    return folder


@pytest.mark.parametrize("encoding", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_the_same_bytes_twice_whatever_a_user_has_set(
    results: Path, nights: Path, tmp_path: Path, kind: str, encoding: str
) -> None:
    """No date in them; a user's own settings change nothing and are left alone."""
    matplotlib = pytest.importorskip("matplotlib")
    first, second = (tmp_path / f"{name}.{encoding}" for name in ("first", "second"))
    chosen: tuple[str | Path, ...] = ("--results", results, "-e", "compact", "-e", "resnet18")
    asked = (kind, *(("--history", nights) if kind == "history" else chosen), "--out")

    done = cslbench(*asked, first)
    with matplotlib.rc_context({"font.size": 20, "text.parse_math": True, "lines.linewidth": 9}):
        again = cslbench(*asked, second)
        kept = matplotlib.rcParams["font.size"]

    assert done.exit_code == again.exit_code == 0, done.output + again.output
    assert done.stdout == f"{first}: {kind}\n"
    assert first.read_bytes() == second.read_bytes()
    assert kept == 20
    assert not any(word in first.read_bytes() for word in (b"CreationDate", b"dc:date"))


@pytest.mark.parametrize("kind", KINDS)
def test_json_says_what_is_plotted_without_matplotlib(
    results: Path, nights: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ids of the results lead back to the files."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    more = ("--history", nights) if kind == "history" else ("--results", results)
    done = cslbench(kind, *more, "--json")

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["kind"] == kind


def test_json_names_the_results_behind_a_number(results: Path) -> None:
    """By their ids, as many as there are replicates."""
    found = json.loads(cslbench("accuracy", "--results", results, "--json").stdout)
    ids = {r.id for r in several() if r.cell.method == "byol" and r.cell.encoder == "compact"}
    compact = next(panel for panel in found["panels"] if "compact" in panel["title"])
    (byol,) = (point for point in compact["points"] if point["name"] == "byol")

    assert set(byol["ids"]) == ids
    assert byol["estimate"]["mean"] == pytest.approx(63.0)


def test_json_of_a_history_has_its_levels(nights: Path) -> None:
    """Of the chosen methods alone; each level begins with its first night."""
    found = json.loads(cslbench("history", "--history", nights, "-m", "simclr", "--json").stdout)
    (panel,) = found["panels"]

    assert len(panel["nights"]) == 12
    assert [level["first"] for level in panel["levels"]] == ["2026-11-01", "2026-11-07"]
    assert panel["levels"][1]["change"] == pytest.approx(-4, abs=0.1)


def test_cells_of_a_history_are_there_when_asked_for(nights: Path) -> None:
    """The one cell of the method, with the same step."""
    asked = ("history", "--history", nights, "--cells", "steps", "--json")
    method, cell = json.loads(cslbench(*asked).stdout)["panels"]
    assert (method["of"], cell["of"]) == ("method", "cell")
    assert cell["levels"][1]["first"] == method["levels"][1]["first"] == "2026-11-07"


def test_without_matplotlib_it_says_how_to_get_it(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, and nothing is written."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    done = cslbench("accuracy", "--results", results, "--out", tmp_path / "a.pdf")

    assert done.exit_code == 2
    assert "pip install 'cslbench[plots]'" in done.output
    assert not (tmp_path / "a.pdf").exists()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "history"])
def test_an_empty_store_is_one_sentence_and_exit_2(tmp_path: Path, kind: str) -> None:
    """Nothing is written."""
    done = cslbench(kind, "--results", tmp_path, "--out", tmp_path / "a.svg")

    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
    assert "result" in done.output
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("kind", ["robustness", "profiles"])
def test_a_table_that_is_not_full_says_which_methods_to_choose(kind: str, tmp_path: Path) -> None:
    """As the verb does; and the figure of those can be drawn."""
    for method, encoders in (("simclr", ("compact", "resnet18")), ("byol", ("compact",))):
        for encoder in encoders:
            for replicate, value in enumerate((60.0, 61.0, 63.0)):
                moved = value + replicate * len(encoder) / 10
                result = make_result(method, moved, encoder=encoder, replicate=replicate)
                files.write(tmp_path, result, {})
    done = cslbench(kind, "--json", "--results", tmp_path)
    assert done.exit_code == 2
    assert done.output.rstrip().endswith("; choose methods: -m simclr")
    assert cslbench(kind, "--json", "--results", tmp_path, "-m", "simclr").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("acuracy", "--json"), "did you mean 'accuracy'"),
        (("accuracy",), "name a file with --out"),
        (("accuracy", "--out", "a.jpg"), "unknown format 'jpg'"),
        (("accuracy", "--json", "--width", "triple"), "unknown width 'triple'"),
        (("accuracy", "--json", "--protocol", "mlp"), "nothing to plot: no result has a top-1"),
        (("accuracy", "--json", "--against", "flops"), "--against is of compute alone"),
        (("compute", "--json", "--over", "dataset"), "--over is of robustness and profiles"),
        (("compute", "--json", "--against", "euros"), "unknown currency 'euros'"),
        (("accuracy", "--json", "-e", "resnet17"), "did you mean 'resnet18'"),
        (("accuracy", "--json", "--history", "nights"), "--history is of history alone"),
        (("history", "--json", "--history", "nowhere"), "nowhere: no night"),
        (("accuracy", "--json", "--cells", "all"), "--cells is of history alone"),
        (("history", "--json", "--cells", "most"), "unknown choice of cells 'most'"),
        (("history", "--json", "--budget", "pocket"), "--budget and --matrix are not of history"),
        (("robustness", "--json", "--over", "dataset"), "two datasets or more"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence_and_exit_2(
    results: Path, arguments: tuple[str, ...], said: str
) -> None:
    """No traceback, and what is allowed."""
    done = cslbench(*arguments, "--results", results)

    assert done.exit_code == 2
    assert said in done.output
    assert len(done.output.splitlines()) == 1


def test_more_panels_than_a_page_holds_are_refused(tmp_path: Path) -> None:
    """It says how to choose."""
    for number in range(13):
        files.write(tmp_path, make_result(encoder=f"encoder{number}"), {})

    done = cslbench("accuracy", "--results", tmp_path, "--json")

    assert done.exit_code == 2
    assert "at most 12 panels (got 13): choose with -m, -d, -e or --budget" in done.output


def test_too_many_encoders_for_a_width_are_refused(tmp_path: Path) -> None:
    """A number that cannot be read is not printed."""
    pytest.importorskip("matplotlib")
    for number in range(8):
        for result in trained("simclr", [60.0], encoder=f"encoder{number}"):
            files.write(tmp_path, result, {})

    done = cslbench(
        "heatmap", "--results", tmp_path, "--width", "single", "--out", tmp_path / "a.pdf"
    )

    assert done.exit_code == 2
    assert "at most 4 encoders (got 8): choose with -e, or take --width double" in done.output


def test_what_a_matrix_wants_and_nobody_ran_is_a_gap(tmp_path: Path) -> None:
    """A heat map of one method shows the others of the matrix as missing."""
    matrix = tmp_path / "two.yaml"
    matrix.write_text(
        "name: two\ndescription: Two methods.\ndatasets: [photos]\nencoders: [compact]\n"
        "replicates: 1\nbudget: {images: 50000}\ntraining: common\nprotocols: [linear]\n"
        "blocks:\n  - methods: [simclr, byol]\n"
    )
    files.write(tmp_path / "results", make_result(), {})
    done = cslbench(
        "accuracy", "--results", tmp_path / "results", "--matrix", matrix, "--json",
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    points = [p for panel in json.loads(done.stdout)["panels"] for p in panel["points"]]
    assert {p["name"]: p["state"] for p in points}["byol"] == "missing"
