"""The predicate's language: everything in it is read as it is meant, everything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.evidence.claims.grammar import LONGEST, parse
from benchmark.evidence.claims.statement import All, AnyOf, Contrast, Smaller, Statement, leaves

A_OVER_B = Contrast((("a", 1.0), ("b", -1.0)))
B_LESS_A = Contrast((("a", -1.0), ("b", 1.0)))
TOKENS = st.sampled_from(
    ["mean", "spread", "abs", "over", "margin", "a", "b", "(", ")", "<", ">=", "+", "-", "*", ",",
     "=", "2", "0.5", "==", "__import__", ";", "é", "1e9", "\n"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mean(a) > mean(b)", A_OVER_B),
        ("a >= b", A_OVER_B),
        ("mean(b) < mean(a)", Contrast((("a", 1.0), ("b", -1.0)))),
        ("mean(a) >= mean(b) - margin", Contrast((("a", 1.0), ("b", -1.0)), 0.0, 1.0)),
        ("mean(a) >= mean(b) - 2.5", Contrast((("a", 1.0), ("b", -1.0)), 2.5)),
        ("a > 84.52", Contrast((("a", 1.0),), -84.52)),
        ("-a > -(b + 0.5 * (c - 2))", Contrast((("a", -1.0), ("b", 1.0), ("c", 0.5)), -1.0)),
        (
            "a - b > c - d",
            Contrast((("a", 1.0), ("b", -1.0), ("c", -1.0), ("d", 1.0))),
        ),
        ("mean(a) > mean(b) > mean(c)", All((A_OVER_B, Contrast((("b", 1.0), ("c", -1.0)))))),
        ("c < b < a", All((A_OVER_B, Contrast((("b", 1.0), ("c", -1.0)))))),
        (
            "abs(mean(a) - mean(b)) <= margin",
            All((Contrast(B_LESS_A.weights, 0.0, 1.0), Contrast(A_OVER_B.weights, 0.0, 1.0))),
        ),
        (
            "abs(a - b) > 1",
            AnyOf((Contrast(A_OVER_B.weights, -1.0), Contrast(B_LESS_A.weights, -1.0))),
        ),
        ("spread(a, over=encoder) < spread(b, over=encoder)", Smaller("a", "b", "encoder")),
        ("spread(b,over=batch)>=spread(a , over = batch)", Smaller("a", "b", "batch")),
    ],
)  # fmt: skip
def test_a_predicate_is_read_as_it_is_meant(text: str, meant: Statement) -> None:
    """Written by hand beside each form of the language."""
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "character 1: expected a number, a cell, mean(...) or margin (got the end)"),
        ("mean(a)", "expected one of < <= > >= (got the end)"),
        ("a > b c", "character 7: expected the end (got 'c')"),
        ("a > b < c", "must point the same way"),
        ("a > mean(b", "character 11: expected ')' (got the end)"),
        ("a == b", "character 3: expected one of < <= > >= (got '=')"),
        ("a > b; import os", "character 6: no such sign (';')"),
        ("__class__.x > 1", "no such sign ('.')"),
        ("spread(a, over=encoder) < 3", "with a spread only"),
        ("spread(a, over=encoder) < spread(b, over=batch)", "over one axis"),
        ("spread(a, over=encoder) < spread(a, over=encoder)", "'a' twice"),
        ("abs(a) < b", "with numbers and margin only"),
        ("3 > 2", "must be about the mean of a cell"),
        ("a - a > 2", "must be about the mean of a cell"),
        ("mean > 2", "expected '('"),
        ("2 a > 1", "expected one of < <= > >= (got 'a')"),
        ("(" * 30 + "a" + ")" * 30 + "> 1", "at most 20 parentheses"),
        ("a > " + "1 + " * 200 + "1", f"at most {LONGEST} characters"),
    ],
)
def test_what_is_no_predicate_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    """With the place, and what may stand there."""
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        parse(text)
    assert sentence in str(caught.value)


@given(st.one_of(st.text(max_size=60), st.lists(TOKENS, max_size=40).map(" ".join)))
def test_any_text_is_a_statement_or_one_clean_sentence(text: str) -> None:
    """Nothing else is ever raised, and nothing is ever run."""
    said = "read"
    try:
        assert all(leaf.names for leaf in leaves(parse(text)))
    except ValueError as problem:
        said = str(problem)

    assert said
    assert said.isprintable()
