"""YAML is read as plain data, or refused with its line in the caller's error class."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from benchmark import yaml
from benchmark.errors import MatrixError, UsageError

SAMPLE = """\
budget:
  name: pocket

  steps: 12
axes:
  - {method: simclr, lr: 1.0e-3}
  - "1"
"""

DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
YAML_LIKE = st.text(alphabet="[]{}:,-&*!|>%?\"'#\n\t \\Ux019e.ab~<", max_size=60)


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read with libyaml, then with PyYAML's own parser."""
    name = str(request.param)
    monkeypatch.setattr(yaml, "_Parser", getattr(pyyaml, name))
    return name


@pytest.mark.usefixtures("parser")
def test_data_comes_with_the_line_of_every_key_and_item() -> None:
    """Data are plain; each key and list item knows its line."""
    document = yaml.parse(SAMPLE, MatrixError, name="matrix.yaml")
    assert document.data == {
        "budget": {"name": "pocket", "steps": 12},
        "axes": [{"method": "simclr", "lr": 0.001}, "1"],
    }
    assert document.lines == {
        ("budget",): 1,
        ("budget", "name"): 2,
        ("budget", "steps"): 4,
        ("axes",): 5,
        ("axes", 0): 6,
        ("axes", 0, "method"): 6,
        ("axes", 0, "lr"): 6,
        ("axes", 1): 7,
    }
    assert document.where("budget", "steps") == "matrix.yaml:4"
    assert document.where("axes", 1, "absent") == "matrix.yaml:7"
    assert document.where("absent") == "matrix.yaml:1"


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("no", "no"),
        ("1:1", "1:1"),
        ("2020-01-01", "2020-01-01"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("'1'", "1"),
        ("'1e-4'", "1e-4"),
        ("-3", -3),
        ("true", True),
        ("Null", None),
        ("", None),
        ("1.0e-4", 0.0001),
        ("-.5", -0.5),
        ("9" * 19, "9" * 19),
    ],
)
def test_a_word_is_read_as_yaml_12_reads_it(word: str, value: object) -> None:
    """Words that YAML 1.1 turns into false, 61, a date or 8 stay text."""
    data = yaml.parse(f"key: {word}", MatrixError).data
    assert isinstance(data, dict)
    assert data["key"] == value
    assert type(data["key"]) is type(value)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: {c: 1,\n c: 2}", "m.yaml:3: b: cannot hold the key 'c' twice (first in line 2)"),
        ("a: 1\nlr: 1e-4", "m.yaml:2: lr: got the text '1e-4'; YAML needs 1.0e-4"),
        ("a: &x 1\nb: *x", "m.yaml:1: a: cannot hold the anchor '&x'; write values out"),
        ("a: 1\nb: *x", "m.yaml:2: b: cannot hold the alias '*x'; write the value out"),
        ("a: !!float 1", "m.yaml:1: a: cannot hold the tag 'tag:yaml.org,2002:float'; "
         "only plain data is read"),
        ("--- {}\n--- {}", "m.yaml:2: cannot hold a second document ('---'); one file holds one"),
        ("1: a", "m.yaml:1: cannot hold a key that is a number; keys are text"),
        ("? [a]\n: b", "m.yaml:1: cannot hold a key that is nothing; keys are text"),
        ("a: " + "[" * 40, "m.yaml:1: a: cannot hold more than 32 levels"),
        ("a: 1.0e+999", "m.yaml:1: a: cannot hold the number 1.0e+999, too large for a float"),
        ("", "m.yaml: must be a mapping at the top (got nothing)"),
        ("- a", "m.yaml: must be a mapping at the top (got a list)"),
        ('a: "x\\u202Ey"', "m.yaml:1: a: cannot hold the character U+202E, which cannot be shown"),
        ('"a\\e[2J": 1', "m.yaml:1: cannot hold the character U+001B, which cannot be shown"),
        ("a: \ud800", "m.yaml: not Unicode text at character 3"),
        ("a: " + "x" * 1_000_000, "m.yaml: is too large (at most 1000000 bytes)"),
    ],
)  # fmt: skip
def test_what_is_not_plain_data_is_refused_with_its_line(text: str, message: str) -> None:
    """Each refusal names file, line and key."""
    with pytest.raises(MatrixError) as caught:
        yaml.parse(text, MatrixError, name="m.yaml")
    assert str(caught.value) == message


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ["a: 'x", "a:\n\t- b", "a: b: c", 'a: "\\Uffffffff"', "a: \x00"])
def test_a_broken_text_is_no_yaml(text: str) -> None:
    """The parser's own complaints, of whatever class, come in the caller's."""
    with pytest.raises(UsageError, match=r"^m\.yaml(:\d+)?: not YAML: "):
        yaml.parse(text, UsageError, name="m.yaml")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("1e-4", "1.0e-4"), ("3E5", "3.0e+5"), ("-.5e3", "-0.5e+3"), ("2.e+1", None), ("1.0e-4", None),
     ("e4", None), ("1:1", None)],
)  # fmt: skip
def test_a_number_that_yaml_takes_for_text_is_shown_its_spelling(
    text: str, wanted: str | None
) -> None:
    """The hint is a number to YAML 1.1 too, and the same number."""
    assert yaml.number_hint(text) == (wanted and f"got the text {text!r}; YAML needs {wanted}")
    if wanted:
        read = pyyaml.safe_load(wanted)
        assert isinstance(read, float)
        assert math.isclose(read, float(text))


def test_a_file_is_named_in_its_errors(tmp_path: Path) -> None:
    """A file that is absent, too large, or not UTF-8 is refused; a byte order mark is not."""
    file = tmp_path / "matrix.yaml"
    with pytest.raises(MatrixError, match=r"matrix\.yaml: cannot be read \(No such file"):
        yaml.load(file, MatrixError)
    file.write_bytes(b"a: \xff")
    with pytest.raises(MatrixError, match=r"^matrix\.yaml: not UTF-8 at byte 3$"):
        yaml.load(file, MatrixError)
    file.write_bytes(b"a: 1\n" + b"#" * yaml.MAX_BYTES)
    with pytest.raises(
        MatrixError, match=r"^matrix\.yaml: is too large \(at most 1000000 bytes\)$"
    ):
        yaml.load(file, MatrixError)
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert yaml.load(file, MatrixError).data == {"a": 1}


def test_the_top_may_be_anything_where_no_mapping_is_asked() -> None:
    """`mapping=False` lets lists, words and nothing through."""
    assert yaml.parse("- 1\n- two", MatrixError, mapping=False).data == [1, "two"]
    assert yaml.parse("", MatrixError, mapping=False).data is None


@given(text=st.text(max_size=80) | YAML_LIKE)
def test_any_text_gives_data_or_the_callers_error(text: str) -> None:
    """No text raises anything else, with either parser."""
    for parser in (pyyaml.CSafeLoader, pyyaml.SafeLoader):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml, "_Parser", parser)
            try:
                document = yaml.parse(text, MatrixError, mapping=False)
            except MatrixError:
                continue
            lines = len(text.splitlines()) + 1
            assert all(1 <= line <= lines for line in document.lines.values())


@given(data=DATA)
def test_data_that_pyyaml_writes_are_read_back(data: object) -> None:
    """Reading undoes PyYAML's own writing, quoted text and all."""
    text = pyyaml.safe_dump(data, default_style=None, allow_unicode=False)
    try:
        document = yaml.parse(text, MatrixError, mapping=False)
    except MatrixError as problem:
        # PyYAML leaves 1e4 bare, as text, which is what the hint is for
        words = ("YAML needs", "cannot be shown")
        assert any(each in str(problem) for each in words)  # noqa: PT017
    else:
        assert document.data == data
