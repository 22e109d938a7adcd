"""Markdown holds whatever a stranger's result says, and says it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.report import markdown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a | b", "a \\| b"),
        ("one\ntwo\r\n three", "one two three"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a & b", "a &amp; b"),
        ("[here](http://x)", "[here]\\(http://x)"),
        ("![seen](http://x)", "![seen]\\(http://x)"),
        ("`code` and *stress*", "\\`code\\` and \\*stress\\*"),
        ("back\\slash", "back\\\\slash"),
        ("\u202ereversed\x1b[2J", "?reversed?[2J"),
        ("amdim[extraction=1:1] moco_v2 timm:a/b", "amdim[extraction=1:1] moco_v2 timm:a/b"),
    ],
)
def test_text_stays_one_line_of_text(text: str, escaped: str) -> None:
    """Nothing ends a cell or begins a tag, a link, code or emphasis; names stay as they are."""
    assert markdown.escape(text) == escaped


@settings(deadline=None)  # the first call imports pandas
@given(st.lists(st.text(max_size=20), min_size=2, max_size=2))
def test_any_text_leaves_the_table_its_shape(texts: list[str]) -> None:
    """Two rows of two columns have four lines of three bars, whatever the cells hold."""
    lines = markdown.table([{"a": "x", "b": text} for text in texts] + [{"a": "x", "b": "y"}])

    bars = [line.replace("\\\\", "").replace("\\|", "").count("|") for line in lines.split("\n")]
    assert bars == [3] * 5


def test_an_empty_column_is_left_out_and_numbers_stay_as_written() -> None:
    """`61.0` is not rounded to `61`, nor `1e5` read as a number."""
    found = markdown.table(
        [{"name": "a", "gone": "", "n": "61.0"}, {"name": "1e5", "gone": "", "n": "7"}],
        right=("n",),
    )

    assert found.split("\n") == [
        "| name   |    n |",
        "|:-------|-----:|",
        "| a      | 61.0 |",
        "| 1e5    |    7 |",
    ]
