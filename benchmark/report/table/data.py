"""Tables for programs: CSV and JSON, one record a cell with every number in full; and read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from benchmark.report.table.model import Pivot, Receipt
from benchmark.report.table.reading import Document, document, squash

_FIELDS = (
    "value", "printed", "mark", "n", "mean", "sd", "low", "high", "interval", "test", "reported",
    "certainty", "verdict", "notes", "results",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet would run."""


def to_csv(pivot: Pivot) -> str:
    """Return a CSV file of one line a cell, for `pandas.read_csv` and spreadsheets."""
    request = pivot.request
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["part", *request.rows, *request.columns, *_FIELDS])
    for receipt in pivot.receipts.receipts:
        places = [*receipt.row.values(), *receipt.column.values()]
        fields = [_field(getattr(receipt, name)) for name in _FIELDS]
        writer.writerow([receipt.panel, *map(_field, places), *fields])
    return stream.getvalue()


def _field(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return _field("; ".join(map(str, value)))
    if not isinstance(value, str):
        return repr(value)
    text = squash(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def read_csv(text: str) -> Document:
    """Read a CSV file."""
    rows = csv.reader(io.StringIO(text, newline=""))
    return document([[[(squash(cell), "") for cell in row] for row in rows if row]], "")


def to_json(pivot: Pivot) -> str:
    """Return a JSON file: what was asked for, what holds of each part, and a record a cell."""
    data = {
        "caption": pivot.caption,
        "request": pivot.request.model_dump(mode="json"),
        "parts": [
            {"about": panel.about, "notes": panel.notes} for panel in pivot.panels
        ],
        "cells": [_record(receipt) for receipt in pivot.receipts.receipts],
    }  # fmt: skip
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _record(receipt: Receipt) -> dict[str, Any]:
    found = receipt.model_dump(mode="json")
    return {"row": found.pop("row"), "column": found.pop("column"), **found}


def read_json(text: str) -> Document:
    """Read a JSON file as lines of a path and what stands there.

    Raises:
        ValueError: If it is no JSON.
        RecursionError: If it is nested too deeply.
    """
    leaves = _leaves("", json.loads(text, parse_float=str))
    return document([[[(path, ""), (value, "")] for path, value in leaves]], "")


def _leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(f"{path}[{index}]", inner)
    else:
        yield path, squash(json.dumps(value, ensure_ascii=False))
