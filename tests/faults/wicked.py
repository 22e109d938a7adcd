"""Inputs that nobody means well: bytes of a valid file changed, and one value replaced."""

from __future__ import annotations

import copy
from typing import Any, TypeAlias

from hypothesis import strategies as st

Place: TypeAlias = tuple[str | int, ...]

SNIPPETS = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r\n", b"\t", b"\xe2\x80\xae", b"NaN", b"Infinity", b"-",
    b"1e999", b"1" * 5000, b"[" * 300, b"{" * 300, b'"', b"'", b"&a ", b"*a", b"<<: ", b"!!python/",
    b"\\ud800", b"\\u202e", b"---\n", b"...\n", b"? ", b"- - - - ", b": ", b"# ", b"%YAML 1.9\n",
    b"../", b"PK\x05\x06", b"PK\x01\x02", b"\x93NUMPY", b"(" * 300, b"'shape': (999999999999,), ",
)  # fmt: skip

TEXTS = (
    "", " ", "\x00", "\x1b[2J", "\u202eabc", "s\u0456mclr", "\ud800", "\ufeff", "a\nb", "a\r\nb",
    "../../etc/passwd", "/etc/passwd", "C:\\x", "CON", ".", "..", "~", "-", "null", "true", "1e-4",
    "1e999", "nan", "simclr", "SimCLR", "simclr[", "simclr]", "simclr[]", "simclr[a]", "simclr[=]",
    "simclr[temperature=nan]", "simclr[temperature=1e999]", "simclr[temperature=-0.0]",
    "simclr[temperature=0.5,temperature=0.5]", "simclr[layers=2]", "simclr[layers=" + "9" * 5000,
    "simclr[layers=\u0663]", "yadim[extraction=1:5,,]", "yadim[extraction=1:random]", "timm:",
    "timm:../x", "timm:resnet18", "resnet18", "compact[norm=", "random_init", "photos", "digits",
    "stl10[pretrain=x]", "imagenet[size=\u00b2]", "imagenet[size=" + "1" * 5000 + "]",
    "imagefolder[root=../..]", "imagefolder", "linear", "knn", "x" * 100_000, "\u00df", "\u0130",
    "\U0001f600", "`", "|", "<b>", "](", "{}", "%s", "{0.__class__}", "paper", "smoke",
)  # fmt: skip

NUMBERS = (
    -1, 0, 1, 2, 999, 1000, 1001, 2**31, 2**63 - 1, 2**63, 10**18, 10**30, -(10**30), 1e308, -1e308,
    1e-308, 5e-324, 0.1, -0.0, float("nan"), float("inf"), float("-inf"),
)  # fmt: skip


def _deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


VALUES: st.SearchStrategy[Any] = (
    st.sampled_from(TEXTS)
    | st.sampled_from(NUMBERS)
    | st.sampled_from(
        (
            None,
            True,
            False,
            [],
            {},
            [[]],
            [{}],
            [None],
            {"": {}},
            {"a": None},
            _deep(40),
            _deep(300),
        )
    )
    | st.text(max_size=40)
    | st.integers()
    | st.floats()
    | st.lists(st.sampled_from(TEXTS[:-60]) | st.sampled_from(NUMBERS), max_size=3)
    | st.dictionaries(st.text(max_size=5), st.sampled_from(NUMBERS), max_size=2)
)
"""Values of every kind, most of them wrong wherever they stand."""


@st.composite
def mutated(draw: st.DrawFn, valid: bytes) -> bytes:
    """Draw bytes that were those of a valid file a few changes ago."""
    content = bytearray(valid)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        stop = min(len(content), start + draw(st.sampled_from((0, 1, 1, 2, 8, 64, 10_000))))
        new = draw(
            st.sampled_from(SNIPPETS)
            | st.binary(max_size=4)
            | st.just(bytes(content[start:stop]) * 2)
        )
        content[start:stop] = new
    return bytes(content)


def places(data: Any, here: Place = ()) -> list[Place]:
    """Return the place of every value in nested lists and mappings."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(data, dict):
        inner = list(data.items())
    elif isinstance(data, list):
        inner = list(enumerate(data))
    return [here, *(found for key, value in inner for found in places(value, (*here, key)))]


def alike(value: Any) -> st.SearchStrategy[Any]:
    """Return values of the same type: those pass a schema and are met further on."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.integers(-(2**63), 2**63) | st.integers(-3, 3)
    if isinstance(value, float):
        return st.floats(allow_nan=False, allow_infinity=False)
    if isinstance(value, str):
        return st.sampled_from(TEXTS) | st.text(max_size=30)
    return st.just(value)


@st.composite
def replaced(draw: st.DrawFn, valid: Any) -> Any:
    """Draw valid data of which one value is another, gone, renamed, or not alone."""
    data = copy.deepcopy(valid)
    place = draw(st.sampled_from(places(data)))
    if not place:
        return draw(VALUES)
    inner = data
    for part in place[:-1]:
        inner = inner[part]
    value = draw(st.one_of(VALUES, alike(inner[place[-1]]), alike(inner[place[-1]])))
    way = draw(
        st.sampled_from(("replace", "replace", "replace", "drop", "rename", "add", "repeat"))
    )
    if way == "replace":
        inner[place[-1]] = value
    elif way == "drop":
        del inner[place[-1]]
    elif isinstance(inner, list):
        inner.insert(int(place[-1]), value if way == "add" else copy.deepcopy(inner[0]))
    else:
        name = draw(st.sampled_from(TEXTS) | st.text(max_size=10))
        inner[name] = value if way == "add" else inner[place[-1]]
        if way == "rename" and name != place[-1]:
            del inner[place[-1]]
    return data
