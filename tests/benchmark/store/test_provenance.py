"""What a processor is called: exactness is promised between equal names alone."""

from __future__ import annotations

from benchmark.store.provenance import model

ZEN3 = """\
processor	: 0
vendor_id	: AuthenticAMD
cpu family	: 25
model		: 1
model name	: AMD EPYC
"""


def test_two_generations_of_one_name_are_two_processors() -> None:
    """As a cloud sells them; they round otherwise, so equal bits are promised of neither."""
    zen4 = ZEN3.replace("model\t\t: 1", "model\t\t: 17")
    assert model(ZEN3) == "AMD EPYC (family 25, model 1)"
    assert model(zen4) == "AMD EPYC (family 25, model 17)"


def test_the_first_processor_names_the_machine() -> None:
    """Others of it may be listed behind."""
    assert model(f"{ZEN3}\n{ZEN3.replace('AMD EPYC', 'another')}") == model(ZEN3)


def test_a_file_that_names_no_model_names_no_processor() -> None:
    """As on ARM: the platform's own name stands then."""
    assert model("processor\t: 0\nCPU implementer\t: 0x41\n") is None
    assert model("model name\t: POWER9\n") == "POWER9"
