"""The result's schema, as JSON Schema and as a page for people: both made from the classes.

`python -m benchmark.store.schema` writes both into `results/`; a test keeps them in step.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

from pydantic import BaseModel

from benchmark.store import atomic
from benchmark.store.files import SCHEMA_FILE
from benchmark.store.result import Result

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PAGE = "README.md"
_INTRODUCTION = """\
# Results

One JSON file per cell (a method on a dataset with an encoder, a budget, a training and a
replicate), at

    <dataset>/<encoder>/<method>-<budget>-r<replicate>-<first 8 digits of the id>.json

Names are lower-cased and written with letters, digits, `.`, `_` and `-`; a name that had to be
changed for that ends in a hash of the whole. Beside each result lies an `.npz` of the same name
with the predicted class of every test image: one array per protocol, `labels` (the true classes)
and, where images are not independent, `groups`. `provenance.predictions_sha256` is the hash of
their names, types, shapes and values. Where `run --keep-encoders` was asked for, the encoder lies
there too, as `.safetensors`; its hash is `provenance.encoder_file_sha256`.

Files are written whole or not at all. A result whose `status` is `ok` or `collapsed` is final; a
cell with any other is run again by the next `cslbench run`. `cslbench validate` checks every file
against the schema (`schema.json`, JSON Schema 2020-12) and against its predictions. Unknown fields,
repeated keys, NaN and infinities are refused. There is no opinion in a result: verdicts and
comparisons are made when a report is rendered; `cslbench compare` shows each beside the published
number. `doctor.json`, where there is one, holds what `cslbench doctor` measured.

This page and `schema.json` are made from the classes in `benchmark/store/result.py`, by
`python -m benchmark.store.schema`.
"""


def json_schema() -> str:
    """Return the JSON Schema of a result file, with what every field means."""
    schema: dict[str, Any] = {"$schema": DIALECT, **Result.model_json_schema()}
    for cls in _classes():
        part = schema if cls is Result else schema["$defs"][cls.__name__]
        part["description"] = _first_line(cls)
        for name, meaning in field_docs(cls).items():
            if name in part["properties"]:
                part["properties"][name]["description"] = meaning
    return json.dumps(_untitled(schema), indent=1) + "\n"


def _untitled(spec: Any) -> Any:
    """Drop the titles, which only repeat the names."""
    if isinstance(spec, list):
        return [_untitled(each) for each in spec]
    if not isinstance(spec, dict):
        return spec
    return {
        key: _untitled(value)
        for key, value in spec.items()
        if key != "title" or not isinstance(value, str)
    }


def page() -> str:
    """Return the page: one table for every class, one row for every field."""
    schema = json.loads(json_schema())
    parts = [_INTRODUCTION]
    for cls in _classes():
        part = schema if cls is Result else schema["$defs"][cls.__name__]
        lines = [f"## {cls.__name__}", "", part["description"], ""]
        lines += ["| field | type | meaning |", "|:--|:--|:--|"]
        for name, spec in part["properties"].items():
            kind = _kind(spec) + ("" if name in part.get("required", ()) else ", may be left out")
            lines.append(f"| `{name}` | {kind} | {_escaped(spec.get('description', ''))} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def write(folder: Path) -> None:
    """Write both files into a results folder."""
    atomic.write(folder / SCHEMA_FILE, json_schema().encode())
    atomic.write(folder / PAGE, page().encode())


def undocumented() -> list[str]:
    """Return the fields that no string stands under, as `Class.field`."""
    return [
        f"{cls.__name__}.{name}"
        for cls in _classes()
        for name in _fields(cls)
        if not field_docs(cls).get(name)
    ]


def field_docs(cls: type) -> dict[str, str]:
    """Return the string under each field of a class, on one line; read from the source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        match (field, below):
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = " ".join(text.split())
    return found


def _classes() -> tuple[type, ...]:
    """Return every class of a result, each once, in the order in which a reader meets them."""
    return tuple(dict.fromkeys(_reached(Result)))


def _reached(cls: type) -> Iterator[type]:
    yield cls
    for hint in _fields(cls).values():
        for inner in _inside(hint):
            yield from _reached(inner)


def _inside(hint: Any) -> Iterator[type]:
    for inner in (hint, *get_args(hint)):
        if inner is not hint:
            yield from _inside(inner)
        elif isinstance(inner, type) and not get_args(inner) and _is_record(inner):
            yield inner


def _is_record(cls: type) -> bool:
    return issubclass(cls, BaseModel) or dataclasses.is_dataclass(cls)


def _fields(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    if issubclass(cls, BaseModel):
        return {name: hints[name] for name in cls.model_fields}
    return {field.name: hints[field.name] for field in dataclasses.fields(cast(Any, cls))}


def _first_line(cls: type) -> str:
    return (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")


def _kind(spec: dict[str, Any]) -> str:
    """Say a field's type in words."""
    if "$ref" in spec:
        name = spec["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in spec:
        return " or ".join(_kind(each) for each in spec["anyOf"])
    if "enum" in spec or "const" in spec:
        values = spec.get("enum", [spec.get("const")])
        return ", ".join(f"`{value}`" for value in values)
    if spec.get("type") == "array":
        return f"list of {_kind(spec['items'])}" if "items" in spec else "list"
    if spec.get("type") == "object":
        inner = spec.get("additionalProperties")
        return f"map of names to {_kind(inner)}" if isinstance(inner, dict) else "map"
    kind = str(spec.get("type", "anything"))
    return {"integer": "whole number", "string": "text", "boolean": "true or false"}.get(kind, kind)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    write(Path("results"))
