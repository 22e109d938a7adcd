"""`cslbench list`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from benchmark.cli.shared import AsJson, Plugins, print_json, print_rows, reporting

SLOTS = ("1", "5", "7", "last")


class What(StrEnum):
    """What can be listed."""

    methods = "methods"
    encoders = "encoders"
    datasets = "datasets"
    matrices = "matrices"
    protocols = "protocols"


@reporting
def show(
    what: Annotated[What, typer.Argument(help="What to list.")],
    size: Annotated[int, typer.Option("--size", help="Image side in pixels, for encoders.")] = 32,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """List names and options: methods, encoders (with their feature maps), datasets, matrices, ...

    Example: cslbench list encoders --size 64
    """
    from benchmark.plugins import load_all

    load_all(plugin or ())
    rows = {
        What.methods: _methods,
        What.encoders: lambda: _encoders(size),
        What.datasets: _datasets,
        What.matrices: _matrices,
        What.protocols: _protocols,
    }[what]()
    if as_json:
        print_json(rows)
        return
    header = tuple(rows[0])
    print_rows(header, [tuple(_text(row[name]) for name in header) for row in rows])


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {inner}" for key, inner in value.items())
    return "-" if value is None else str(value)


def _methods() -> list[dict[str, Any]]:
    import methods
    from benchmark.errors import UsageError

    try:
        cards = methods.cards()
    except ValueError as error:
        raise UsageError(str(error)) from None
    return [
        {
            "name": card.name,
            "title": card.title,
            "source": card.paper,
            "options": {name: _allowed(option) for name, option in card.options.items()},
        }
        for card in cards.values()
    ]


def _allowed(option: Any) -> str:
    if option.choices:
        return " | ".join(option.choices)
    bounds = ("" if option.low is None else f"{option.low:g}") + " to "
    return bounds + ("" if option.high is None else f"{option.high:g}")


def _encoders(size: int) -> list[dict[str, Any]]:
    """Return each encoder with the maps that it gives at an image size."""
    from methods import catalogue

    found = []
    for name in catalogue.names():
        try:
            slots, refusal = catalogue.slots(name, size) or {}, None
        except ValueError as error:
            slots, refusal = {}, str(error)
        maps = {slot: "x".join(map(str, slots[slot])) if slot in slots else None for slot in SLOTS}
        found.append({"name": name, "norm": catalogue.norm(name), **maps, "refused": refusal})
    return [*found, {"name": "timm:<name>", "norm": None, **dict.fromkeys(SLOTS), "refused": None}]


def _datasets() -> list[dict[str, Any]]:
    from benchmark.data import catalogue

    return [
        {
            "name": card.name,
            "image size": card.image_size,
            "classes": card.classes,
            "pretrain": card.pretrain,
            "train": card.train,
            "test": card.test,
            "files": card.folder if card.needs_files else "embedded",
            "options": {name: option.default for name, option in card.options.items()},
        }
        for card in map(catalogue.card, catalogue.names())
    ]


def _matrices() -> list[dict[str, Any]]:
    from benchmark.matrix.load import load, shipped

    loaded = [load(name) for name in shipped()]
    return [
        {"name": matrix.name, "cells": len(matrix.cells), "description": matrix.description}
        for matrix in loaded
    ]


def _protocols() -> list[dict[str, Any]]:
    from dataclasses import asdict

    from benchmark.matrix.protocol import PROTOCOLS

    return [asdict(protocol) for protocol in PROTOCOLS.values()]
