"""A table becomes reported numbers that say what it states, or one sentence of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import ReportedError, UsageError
from benchmark.evidence.importing import as_yaml, reported
from benchmark.evidence.reported import Reported, Scoring, load_reported, parse
from benchmark.evidence.styles import FIELDS, STYLES
from benchmark.evidence.tables import MAX_CELL, MAX_ROWS, read
from benchmark.evidence.tables import parse as parse_table

TABLES = Path(__file__).with_name("tables")
MARKDOWN = "| {} |\n|---|\n| {} |\n"


def imported(
    text: str, style: str = "plain", *, markdown: bool = False, seen: bool = True, **known: str
) -> tuple[Reported, ...]:
    """Import a text; SimCLR on CIFAR-10 unless the table says it."""
    table = parse_table(text, "table", markdown=markdown)
    return reported(table, STYLES[style], source="somebody", seen=seen, known=known, prefix="mine")


def of_file(name: str, style: str, **known: str) -> list[Reported]:
    """Import an example file."""
    table = read(TABLES / name)
    return [*reported(table, STYLES[style], source="them", seen=True, known=known, prefix="mine")]


def test_lightlys_table_gives_the_numbers_that_are_shipped() -> None:
    """Shares become percent; nine kNN accuracies of three methods, by batch and epochs."""
    known = {"dataset": "cifar10", "encoder": "resnet18", "k": "200", "selection": "best_on_test"}
    found = of_file("lightly-cifar10.csv", "lightly", **known)
    shipped = [e for e in load_reported() if e.id.startswith("lightly-") and e.dataset == "cifar10"]

    def key(entry: Reported) -> tuple[object, ...]:
        budget = entry.budget
        return entry.method, budget.epochs, budget.batch, entry.value, entry.protocol.probe_class

    assert sorted(map(key, found)) == sorted(map(key, shipped))
    marked = [entry for entry in found if entry.method == "moco_v2" and entry.budget.batch == 512]
    assert {e.note for e in marked} == {"the source says Moco; marked (*) in the table"}


def test_solo_learns_table_keeps_online_and_offline_apart() -> None:
    """A column each, and nothing that the table does not state."""
    found = of_file("solo-learn-imagenet.md", "solo-learn", dataset="imagenet")
    told = [(e.method, e.variant, e.value, e.protocol.online) for e in found]

    assert told == [
        ("byol", None, 68.63, True), ("moco_v2", "symmetric", 62.61, True),
        ("byol", None, 68.37, False), ("moco_v2", "symmetric", 66.84, False),
    ]  # fmt: skip
    assert found[0].protocol == Scoring(probe="linear", online=True)
    assert {(e.encoder, e.budget.epochs) for e in found} == {("resnet50", 100)}


def test_a_plain_table_has_the_fields_as_columns() -> None:
    """Everything that a number can state; what is empty is unknown."""
    (found,) = imported(
        "method,variant,dataset,encoder,value,probe,k,online,epochs,batch,runs,metric\n"
        "mine,default,cifar10,resnet18,≈ 90.5 ± 0.3 %,knn,20,false,800,,3,top1\n"
    )
    assert (found.value, found.reading, found.spread, found.runs) == (90.5, "about", 0.3, 3)
    assert (found.variant, found.encoder, found.budget.epochs) == ("", "resnet18", 800)
    assert found.budget.batch is None
    assert found.protocol == Scoring(probe="knn", k=20, online=False)


def test_numbers_count_as_remembered_unless_the_caller_saw_them() -> None:
    """Certainty is the caller's word, never the table's."""
    text = "method,dataset,value\na,b,90\n"
    assert [e.certainty for e in imported(text, seen=False)] == ["memory"]
    assert [e.certainty for e in imported(text, seen=True)] == ["seen"]


def test_k_is_said_of_the_knn_columns_alone() -> None:
    """A table with linear and kNN columns is imported whole."""
    text = "Model,Linear Top1,KNN Top1,KNN Top5\nSimCLR,63.2,44.8,70.1\n"
    linear, knn, fifth = imported(text, "lightly", dataset="imagenet", k="200")

    assert (linear.protocol, linear.metric) == (Scoring(probe="linear"), "top1")
    assert (knn.protocol, knn.metric) == (Scoring(probe="knn", k=200), "top1")
    assert fifth.metric == "top5"


def test_ids_are_told_apart_and_taken_once() -> None:
    """Two rows that state the same are numbered; none has an id that is shipped."""
    entries = imported("method,dataset,value\na,b,90\na,b,91\n")
    assert [entry.id for entry in entries] == ["mine-a-b", "mine-a-b-2"]


def test_the_yaml_reads_back_as_the_same_numbers() -> None:
    """Also with quotes, colons and signs in a note."""
    entries = imported('method,dataset,value,note\na,b,90,"it\'s ""x"": {y} # – 5"\n')
    assert parse(as_yaml(entries, "out"), "out") == entries


PLAIN = "method,dataset,value\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "table: holds no table"),
        (PLAIN, "table: holds no number"),
        (PLAIN + "a,b\n", "table:2: must have 3 cells, as the header (got 2)"),
        (PLAIN + "a,b,-\n", "table: holds no number"),
        (PLAIN + "a,b,good\n", "table:2: value must be percent from 0 to 100, such as 50"),
        (PLAIN + "a,b,101\n", "(got '101')"),
        (PLAIN + "a,b,nan\n", "(got 'nan')"),
        (PLAIN + "a,b,-3\n", "(got '-3')"),
        (PLAIN + "a,b,1e1\n", "(got '1e1')"),
        (PLAIN + "a,b,٣\n", "(got '٣')"),
        (PLAIN + "a,b,0.91\nc,b,0.9\n", "table: all of 'value' is at most 1; must be percent"),
        (PLAIN + "a,b\x1b[2J,90\n", "table:2: holds the character U+001B"),
        (PLAIN + "a,b\u202e,90\n", "table:2: holds the character U+202E"),
        (PLAIN + f"{'a' * 501},b,90\n", "table:2: has a cell of more than 500 characters"),
        (PLAIN + "a,b,90\n" * 1001, "table:1002: holds more than 1000 rows"),
        (PLAIN + '"a,b,90\n', "not CSV: unexpected end of data"),
        ("method,valu,dataset\na,90,b\n", "unknown column 'valu'; did you mean 'value'?"),
        ("method,method,value\na,b,90\n", "no two of one name"),
        ("method,value\na,90\n", "table: names no dataset; say it by --with dataset=NAME"),
        ("dataset,value\na,90\n", "table: names no method"),
        ("method,dataset\na,b\n", "table: has no column of value"),
        ("method,dataset,value,k\na,b,90,many\n", "table:2: k must be a count from 1"),
        ("method,dataset,value,k\na,b,90,5\n", "table:2: protocol: k belongs to"),
        ("method,dataset,value,probe\na,b,90,svm\n", "table:2: protocol.probe: Input should be"),
        ("method,dataset,value,online\na,b,90,often\n", "table:2: online must be true or false"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(text: str, message: str) -> None:
    """One sentence."""
    with pytest.raises(ReportedError) as caught:
        imported(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no table\n", "table: holds no Markdown table"),
        ("| method | value |\n| a | 90 |\n", "table: holds no Markdown table"),
        (MARKDOWN.format("value", "90") * 2, "table: names no"),
        (MARKDOWN.format("value", "90") + "\n" + MARKDOWN.format("value", "90"),
         "table:5: holds a second table; one file holds one"),
    ],
)  # fmt: skip
def test_a_wrong_markdown_table_is_refused(text: str, message: str) -> None:
    """Header, rule and rows, once."""
    with pytest.raises(ReportedError) as caught:
        imported(text, markdown=True)
    assert message in str(caught.value)


def test_what_is_said_of_the_whole_table_must_be_a_field_and_no_column() -> None:
    """A name that nobody knows, one that the table has itself, and text that hides."""
    text = PLAIN + "a,b,90\n"
    with pytest.raises(UsageError, match="--with: unknown field 'enc'"):
        imported(text, enc="resnet18")
    with pytest.raises(UsageError, match="encoder: must be 1 to 500 characters that print"):
        imported(text, encoder="a\u202eb")
    with pytest.raises(ReportedError, match="has a column 'dataset': --with cannot say it too"):
        imported(text, dataset="b")
    with pytest.raises(ReportedError, match="probe is 'knn' by the column 'knn top1'"):
        imported("Model,KNN Top1\na,40\n", "lightly", dataset="b", probe="linear")
    with pytest.raises(ReportedError, match="metric is 'top5' by the column 'linear top5'"):
        imported("Model,Linear Top5\na,40\n", "lightly", dataset="b", metric="top1")


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    """By its suffix, its encoding, its size, or because it is not there."""
    latin = tmp_path / "latin.csv"
    latin.write_bytes(b"\xff\xfe")
    large = tmp_path / "large.csv"
    large.write_bytes(b"a" * 1_000_001)
    for path, message in (
        (tmp_path / "table.xls", "table.xls: must end in .csv or .md"),
        (tmp_path / "none.csv", "cannot be read (No such file or directory)"),
        (latin, "latin.csv: not UTF-8 at byte 0"),
        (large, "large.csv: is too large (at most 1000000 bytes)"),
    ):
        with pytest.raises(ReportedError) as caught:
            read(path)
        assert message in str(caught.value)


ODD = st.one_of(st.text(max_size=6), st.sampled_from(["0.9", "67+", "-", "x*", "**1**", "1e3"]))
GOOD = {
    "value": st.sampled_from(["90.5", "≈ 91", "67+", "64.3 ± 2.1", "71 %", "-"]),
    "probe": st.sampled_from(["linear", "knn", "mlp", ""]),
    "online": st.sampled_from(["true", "false", ""]),
    "metric": st.sampled_from(["top1", "top5"]),
    "selection": st.sampled_from(["last", "best_on_test"]),
    **dict.fromkeys(("epochs", "batch", "resolution", "runs"), st.sampled_from(["1", "800", "–"])),
}
WORD = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="|,"), min_size=1)
"""Anything that can stand in a cell: quotes, colons, braces, accents, emoji."""
NEEDED = ("method", "dataset", "value")
OTHERS = [name for name in FIELDS if name not in (*NEEDED, "k", "width")]


def cell(column: str, *, odd: bool) -> st.SearchStrategy[str]:
    """Draw what a column may hold, or anything."""
    good = GOOD.get(column, WORD)
    return st.one_of(good, ODD) if odd else good


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, bool]:
    """Draw a plain table, or nearly one, and whether it is Markdown."""
    odd, markdown = draw(st.booleans()), draw(st.booleans())
    header = [*NEEDED, *draw(st.lists(st.sampled_from(OTHERS), max_size=4, unique=True))]
    if odd:
        header = draw(st.lists(st.sampled_from([*header, "Model", "Acc@1", "k"]), min_size=1))
    lines = [header, *([["---"] * len(header)] if markdown else [])]
    for _ in range(draw(st.integers(1, 3))):
        lines.append([draw(cell(column, odd=odd)) for column in header])
    joined = [f"| {' | '.join(line)} |" if markdown else ",".join(line) for line in lines]
    return "\n".join([*joined, draw(ODD) if odd else ""]), markdown


@given(
    texts(),
    st.sampled_from(["plain", "plain", "plain", *STYLES]),
    st.dictionaries(st.sampled_from([*FIELDS, "x"]), st.one_of(WORD, ODD), max_size=1),
)
def test_any_text_is_a_clean_table_or_a_clean_sentence(
    drawn: tuple[str, bool], style: str, known: dict[str, str]
) -> None:
    """Numbers that a file of reported numbers holds, or one line that says why not."""
    text, markdown = drawn
    try:
        table = parse_table(text, "table", markdown=markdown)
        entries = reported(
            table, STYLES[style], source="somebody", seen=True, known=known, prefix="mine"
        )
    except (ReportedError, UsageError) as error:
        refusal = str(error)
    else:
        _check_clean(entries)
        return
    assert refusal
    assert refusal.isprintable()


def _check_clean(entries: tuple[Reported, ...]) -> None:
    assert 0 < len(entries) <= 2 * MAX_ROWS
    assert parse(as_yaml(entries, "out"), "out") == entries
    assert all(len(entry.method) <= MAX_CELL for entry in entries)
