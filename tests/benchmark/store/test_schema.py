"""The documents of the result files are made from the classes, and committed."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from benchmark.store import schema
from tests.benchmark.factories import make_result

RESULTS = Path(__file__).parents[3] / "results"


def test_the_committed_documents_are_in_step() -> None:
    """`python -m benchmark.store.schema` would change nothing."""
    assert (RESULTS / "README.md").read_text() == schema.page()
    assert (RESULTS / "schema.json").read_text() == schema.json_schema()


def test_every_field_is_explained() -> None:
    """A reader of a result needs no source."""
    assert schema.undocumented() == []


def test_a_result_is_valid_by_the_schema_and_a_changed_one_is_not() -> None:
    """By another implementation than the one that made it."""
    rules = json.loads(schema.json_schema())
    jsonschema.Draft202012Validator.check_schema(rules)
    result = json.loads(make_result().model_dump_json())
    jsonschema.validate(result, rules)
    result["metrics"]["linear"]["top1"]["unit"] = "share"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result, rules)


def test_the_page_has_every_field_of_a_result() -> None:
    """Each once more, with its type and a link to what it is made of."""
    page = schema.page()
    for name in json.loads(make_result().model_dump_json()):
        assert f"| `{name}` |" in page
    assert "[Provenance](#provenance)" in page
