"""Tables of results as others publish them: what their columns mean, and what a cell holds.

lightly's and solo-learn's published tables are known by their headers; a `plain` table has the
names of the fields as its header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmark.errors import ReportedError

BUDGET = ("epochs", "batch", "images")
SCORING = (
    "probe", "width", "k", "feature", "pretrain_split", "probe_split", "resolution", "online",
    "selection", "augmentation", "solver",
)  # fmt: skip
_OWN = ("method", "variant", "dataset", "encoder", "metric", "training", "note", "runs")
FIELDS = (*_OWN, *BUDGET, *SCORING)
"""What a column of a plain table may hold beside `value`, and what may be said of a whole table."""

COUNTS = ("runs", *BUDGET, "width", "k", "resolution")
EMPTY = ("", "-", "–", "—", "n/a", "na", "?")
_NUMBER = re.compile(
    r"(?P<about>[≈~])? ?(?P<value>[0-9]{1,3}(?:\.[0-9]{1,4})?) ?%?(?P<over>\+)?"
    r"(?: ?(?:±|\+/-) ?(?P<spread>[0-9]{1,2}(?:\.[0-9]{1,4})?) ?%?)? ?(?P<mark>\(?\*{1,3}\)?)?"
)
_MARKED = re.compile(r"(.*?) ?(\(?\*{1,3}\)?)?")
_RESNET = re.compile(r"res(?:net)?[- ]?([0-9]{1,4})")


@dataclass(frozen=True)
class Figure:
    """A column of numbers."""

    metric: str = "top1"
    scoring: Mapping[str, object] = field(default_factory=dict)
    """What the column's name says of the protocol."""
    share: bool = False
    """Whether the table has shares (0.847) where we have percent."""


@dataclass(frozen=True)
class Style:
    """How to read one kind of table; columns by their names in lower case."""

    fields: Mapping[str, str]
    figures: Mapping[str, Figure]
    ignored: tuple[str, ...] = ()
    methods: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    """The source's name of a method, in lower case, to ours and its variant."""
    plain: bool = False
    """Whether names are ours already."""


def _tops(name: str, **scoring: object) -> dict[str, Figure]:
    return {f"{name} top{n}": Figure(f"top{n}", scoring) for n in (1, 5)}


STYLES: dict[str, Style] = {
    "lightly": Style(
        fields={
            "model": "method", "backbone": "encoder", "batch size": "batch", "epochs": "epochs",
        },
        figures={
            **_tops("linear", probe="linear"),
            **_tops("finetune", probe="finetune"),
            **_tops("knn", probe="knn"),
            "knn test accuracy": Figure(scoring={"probe": "knn"}, share=True),
        },
        ignored=("runtime", "gpu memory", "tensorboard", "checkpoint"),
        methods={"moco": ("moco_v2", None), "mocov2": ("moco_v2", None)},
    ),
    "solo-learn": Style(
        fields={"method": "method", "backbone": "encoder", "epochs": "epochs"},
        figures={
            f"acc@{n}{suffix}": Figure(f"top{n}", {"probe": "linear", **online})
            for n in (1, 5)
            for suffix, online in (
                ("", {}), (" (online)", {"online": True}), (" (offline)", {"online": False}),
            )
        },
        ignored=("dali", "checkpoint"),
        methods={"moco v2+": ("moco_v2", "symmetric"), "mocov2+": ("moco_v2", "symmetric")},
    ),
    "plain": Style({name: name for name in FIELDS}, {"value": Figure()}, plain=True),
}  # fmt: skip


def number(
    where: str, column: str, text: str, figure: Figure
) -> tuple[dict[str, object], list[str]]:
    """Return what a cell with a number says, and what is to be noted of how it stood there.

    Args:
        where: File and line, for errors.
        column: Its name.
        text: The cell.
        figure: The column.

    Raises:
        ReportedError: It is no number, or one that cannot be.
    """
    match = _NUMBER.fullmatch(text)
    scale, most = (100, 1) if figure.share else (1, 100)
    if match is None or float(match["value"]) > most:
        kind = "a share from 0 to 1" if figure.share else "percent from 0 to 100"
        raise ReportedError(
            f"{where}: {column} must be {kind}, such as {most / 2:g} (got {text!r})"
        )
    if match["about"] and match["over"]:
        raise ReportedError(f"{where}: {column} cannot be about and over a number (got {text!r})")
    values: dict[str, object] = {"value": round(scale * float(match["value"]), 4)}
    if match["about"] or match["over"]:
        values["reading"] = "about" if match["about"] else "over"
    if match["spread"]:
        values["spread"] = round(scale * float(match["spread"]), 4)
    return values, [f"marked {match['mark']} in the table"] if match["mark"] else []


def value(where: str, name: str, text: str, style: Style) -> tuple[dict[str, object], list[str]]:
    """Return what a field's cell says, and what is to be noted of how it stood there.

    Args:
        where: File and line, for errors.
        name: The field, one of `FIELDS`.
        text: The cell.
        style: Of the table.

    Raises:
        ReportedError: It is not what the field can hold.
    """
    if name in COUNTS:
        if not re.fullmatch(r"[1-9][0-9]{0,11}", text):
            raise ReportedError(f"{where}: {name} must be a count from 1 (got {text!r})")
        return {name: int(text)}, []
    if name == "online":
        if text.lower() not in ("true", "false"):
            raise ReportedError(f"{where}: online must be true or false (got {text!r})")
        return {name: text.lower() == "true"}, []
    if name == "encoder" and not style.plain:
        resnet = _RESNET.fullmatch(text.lower())
        return {name: f"resnet{resnet[1]}" if resnet else text}, []
    if name == "variant" and text.lower() == "default":
        return {name: ""}, []
    return _method(text, style) if name == "method" else ({name: text}, [])


def _method(text: str, style: Style) -> tuple[dict[str, object], list[str]]:
    if style.plain:
        return {"method": text}, []
    match = _MARKED.fullmatch(text)
    bare, mark = (match[1], match[2]) if match else (text, None)
    notes = [f"marked {mark} in the table"] if mark else []
    if bare.lower() not in style.methods:
        return {"method": re.sub(r"[^a-z0-9]+", "_", bare.lower()).strip("_")}, notes
    method, variant = style.methods[bare.lower()]
    implied = {} if variant is None else {"variant": variant}
    return {"method": method, **implied}, [f"the source says {bare}", *notes]
