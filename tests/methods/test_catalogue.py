"""The catalogue: selectors, canonical names, slugs, and maps at every size without torch."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from methods import catalogue, selector
from methods.encoders import build
from methods.encoders.cards import BUILT_IN, EncoderCard
from methods.encoders.compact import Compact

SIZES = (8, 16, 32, 64, 96, 128, 224)
NARROW = {
    "amdim": "amdim[ndf=4,rkhs=40,depth=2]",
    "compact": "compact[width=4]",
    "cpc_resnet101": "cpc_resnet101[stacks=1,1,2,1,width=4]",
}


def narrow(base: str) -> str:
    """Return a small form of an encoder."""
    return NARROW.get(base, f"{base}[width=4]")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("base", sorted(BUILT_IN))
def test_slots_are_the_modules_own_shapes(base: str, size: int) -> None:
    """The arithmetic gives what a forward pass gives, or refuses where building refuses."""
    name = narrow(base)
    if base == "amdim" and size not in (32, 64, 128):
        with pytest.raises(ValueError, match="32, 64, 128 px"):
            catalogue.slots(name, size)
        with pytest.raises(ValueError, match="32, 64, 128 px"):
            build(name, size)
        return
    with torch.device("meta"):
        encoder = build(name, size).eval()
        maps = encoder(torch.empty(2, 3, size, size))
    shapes = {slot: (*tuple(value.shape[1:]), 1, 1)[:3] for slot, value in maps.items()}
    assert shapes == catalogue.slots(name, size)
    assert encoder.widths == {slot: shape[0] for slot, shape in shapes.items()}
    assert encoder.stem == catalogue.stem(name, size)


@pytest.mark.parametrize("base", sorted(set(BUILT_IN) - {"amdim"}))
def test_default_widths_are_the_modules_own(base: str) -> None:
    """At its default width, each encoder's channels are those the catalogue says."""
    slots = catalogue.slots(base, 32)
    with torch.device("meta"):
        assert slots is not None
        assert build(base, 32).widths == {slot: shape[0] for slot, shape in slots.items()}


def test_amdim_takes_its_widths_from_the_image_size() -> None:
    """AMDIM's defaults are bolts' for CIFAR-10, STL-10 and ImageNet."""
    found = [catalogue.slots("amdim", size) for size in (32, 64, 128)]
    assert [slots and slots["1"][0] for slots in found] == [1280, 1536, 2560]
    assert [slots and slots["7"][0] for slots in found] == [1280, 1536, 2560]


def test_a_comma_separates_options_only_where_another_begins() -> None:
    """Values may hold commas and colons."""
    text = "yadim[extraction=1:5,1:7,5:5,views=patches]"
    assert selector.split(text) == ("yadim", {"extraction": "1:5,1:7,5:5", "views": "patches"})


@pytest.mark.parametrize(
    "text", ["", "a[", "a]", "a[]x", "a[b]", "a[b=]", "a[=c]", "a b", "a[b=1,c]d", "a[]", "[b=1]"]
)
def test_what_is_no_selector_is_refused(text: str) -> None:
    """The error says how to write one."""
    with pytest.raises(ValueError, match="cannot read"):
        selector.split(text)


def test_an_option_given_twice_is_refused() -> None:
    """The error names it."""
    with pytest.raises(ValueError, match="option 'width' is given twice"):
        catalogue.parse_name("resnet18[width=8,width=16]")


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True),
        st.one_of(
            st.integers(),
            st.booleans(),
            st.lists(st.integers(), min_size=1).map(tuple),
            st.from_regex(r"[a-z0-9:,.]{1,8}", fullmatch=True),
        ),
    )
)
def test_what_is_written_reads_back(options: dict[str, selector.Value]) -> None:
    """Join, split and read undo each other, for every type of option."""
    base, given = selector.split(selector.join("name", options))
    assert base == "name"
    read = {key: selector.read("name", text, options[key]) for key, text in given.items()}
    assert read == options


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("compact[norm=batch]", "compact"),
        (" resnet18 ", "resnet18"),
        ("resnet18[width=64,norm=group]", "resnet18[norm=group]"),
        ("amdim[rkhs=1024,ndf=128]", "amdim[ndf=128,rkhs=1024]"),
        ("cpc_resnet101[stacks=3,4,6,3]", "cpc_resnet101[stacks=3,4,6,3]"),
        ("cpc_resnet101[stacks=3,4,46,3,width=64]", "cpc_resnet101"),
        ("timm:a/b", "timm:a/b"),
    ],
)
def test_names_have_one_form(written: str, canonical: str) -> None:
    """Defaults are dropped, options are sorted, and the form is its own form."""
    assert catalogue.canonical(written) == canonical
    assert catalogue.canonical(canonical) == canonical


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet81", r"unknown encoder 'resnet81'; did you mean 'resnet18'\? \(known: amdim, "),
        ("resnet18[widht=4]", r"unknown option of resnet18 'widht'; did you mean 'width'\?"),
        ("resnet18[width=wide]", r"resnet18\[width=...\] must be a whole number \(got 'wide'\)"),
        ("resnet18[width=0]", r"must be at least 1 \(got '0'\)"),
        ("compact[norm=bath]", r"unknown norm of compact 'bath'; did you mean 'batch'\?"),
        ("cpc_resnet101[stacks=3,x]", "must be whole numbers with commas between them"),
        ("timm:", "write `timm:<name>`"),
        ("timm:resnet10t[width=4]", "no options"),
    ],
)
def test_what_nobody_has_is_refused_with_what_there_is(name: str, words: str) -> None:
    """The sentence says what was wrong, the nearest name, and what is allowed."""
    with pytest.raises(ValueError, match=words):
        catalogue.canonical(name)


def test_cpc_needs_four_stacks() -> None:
    """Three numbers for the stacks are refused when the encoder is built."""
    with pytest.raises(ValueError, match="four stacks"):
        build("cpc_resnet101[stacks=1,1,1]", 8)


def test_amdim_refuses_a_last_unit_that_would_narrow() -> None:
    """The plan and the build refuse alike."""
    for refuse in (catalogue.slots, build):
        with pytest.raises(ValueError, match="rkhs must be at least 512"):
            refuse("amdim[ndf=128,rkhs=64]", 32)


@given(st.text(alphabet="abAB./\\:-_ ~%é\n0", min_size=1, max_size=90))
def test_no_slug_leaves_its_folder(tail: str) -> None:
    """Whatever timm's name holds, the slug is one plain part of a path."""
    try:
        slug = catalogue.slug(f"timm:{tail}")
    except ValueError:
        return  # white space or an empty name is refused before
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert not slug.startswith((".", "-"))
    assert len(slug) < 80


def test_slugs_tell_encoders_apart() -> None:
    """Names that differ only in what a path cannot hold have different slugs."""
    names = ["timm:a/b", "timm:a-b", "timm:A/b", "timm:a.b", "timm:" + "x" * 90, "timm:" + "x" * 91]
    names += ["compact", "compact[norm=group]", "compact[norm=layer]", "resnet18[width=16]"]
    assert len({catalogue.slug(name) for name in names}) == len(names)
    assert catalogue.slug("compact[norm=batch]") == "compact"


def test_norms_follow_the_option() -> None:
    """Whether patches leak depends on the norm, so the catalogue tells it before building."""
    names = ["compact", "compact[norm=group]", "cpc_resnet101", "amdim", "timm:resnet10t"]
    assert [catalogue.norm(name) for name in names] == ["batch", "group", "layer", "batch", None]


def test_only_building_tells_timms_maps() -> None:
    """The catalogue does not import timm."""
    assert catalogue.slots("timm:resnet10t", 32) is None
    assert catalogue.stem("timm:resnet10t", 32) is None


def test_the_catalogue_imports_no_torch() -> None:
    """Planning and validating a matrix must start in a moment."""
    code = (
        "import sys; from methods import catalogue as c; c.slots('amdim', 32); c.slug('timm:a/b');"
        "sys.exit(bool({'torch', 'timm', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def plugged(image_size: int, *, width: int, deep: bool) -> Compact:
    """Build an encoder that another package might bring."""
    return Compact(image_size, width=width if deep else 2 * width)


PLUGGED = EncoderCard(
    "plugged", f"{__name__}:plugged", BUILT_IN["compact"].slots, {"width": 2, "deep": True}
)


def test_another_package_adds_an_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point's card is named, planned and built as the built-in ones are."""
    point = EntryPoint("plugged", f"{__name__}:PLUGGED", catalogue.ENTRY_POINTS)
    monkeypatch.setattr(catalogue, "entry_points", lambda group: EntryPoints([point]))  # noqa: ARG005
    assert "plugged" in catalogue.names()
    assert catalogue.canonical("plugged[width=2]") == "plugged"
    assert catalogue.slots("plugged[width=3]", 32) == catalogue.slots("compact[width=3]", 32)
    assert build("plugged", 32).widths == Compact(32, width=2).widths
    assert build("plugged[deep=false]", 32).widths == Compact(32, width=4).widths


def test_an_entry_point_that_is_no_card_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the object."""
    point = EntryPoint("plugged", "pathlib:Path", catalogue.ENTRY_POINTS)
    monkeypatch.setattr(catalogue, "entry_points", lambda group: EntryPoints([point]))  # noqa: ARG005
    with pytest.raises(ValueError, match="pathlib:Path is no EncoderCard"):
        catalogue.card("plugged")
