"""What every verb shares: the options, the exit codes, the way an error is said."""

from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

if TYPE_CHECKING:
    from benchmark.matrix.load import Matrix

P = ParamSpec("P")
T = TypeVar("T")

DONE, NEGATIVE, AT_FAULT, INTERRUPTED = 0, 1, 2, 130

MatrixName = Annotated[
    str, typer.Argument(help="A shipped matrix (see `list matrices`) or a file FILE.yaml.")
]
Methods = Annotated[
    list[str] | None,
    typer.Option(
        "-m", "--method", help="Only this method: NAME or NAME[option=value]; repeatable."
    ),
]
Datasets = Annotated[
    list[str] | None,
    typer.Option("-d", "--dataset", metavar="NAME", help="Only this dataset; repeatable."),
]
Encoders = Annotated[
    list[str] | None,
    typer.Option("-e", "--encoder", metavar="NAME", help="Only this encoder; repeatable."),
]
Replicates = Annotated[
    list[int] | None,
    typer.Option("--replicate", metavar="K", help="Only this replicate; repeatable."),
]
ResultsFolder = Annotated[Path, typer.Option("--results", help="The folder of the results.")]
DataFolder = Annotated[
    Path | None,
    typer.Option("--data", help="The folder of the datasets' folders, or CSLBENCH_DATA."),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin", metavar="FILE.py", help="A file with a method of your own; repeatable."
    ),
]
AcceptStale = Annotated[
    bool, typer.Option("--accept-stale", help="Take results whose sources have changed as done.")
]
Notify = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KIND:WHERE",
        help="Tell of each event as JSON: jsonl:FILE appends lines, 'command:PROGRAM ARGUMENTS' "
        "gives it to a program's standard input; repeatable.",
    ),
]
TrackTo = Annotated[
    list[str] | None,
    typer.Option(
        "--track",
        metavar="KIND:WHERE",
        help="Write curves and numbers also to tensorboard:FOLDER, mlflow:FOLDER (or an address) "
        "or wandb:PROJECT; repeatable.",
    ),
]
Others = Annotated[
    list[Path] | None,
    typer.Option(
        "--reported", metavar="FILE.yaml", help="Reported numbers of your own; repeatable."
    ),
]
Assume = Annotated[
    list[str] | None,
    typer.Option(
        "--assume",
        metavar="FIELD=VALUE",
        help="What to take for a field that a source leaves open: protocol=linear, epochs=1000; "
        "repeatable.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]

RESULTS = Path("results")
_LARGEST = 1e9
"""Seconds (31 years) or GiB (an eighth of what a system's limit can say)."""


def reporting(verb: Callable[P, T]) -> Callable[P, T]:
    """Say an error that a user can cause in one sentence, without a traceback, and exit 2."""

    @functools.wraps(verb)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        from benchmark.errors import CslbenchError

        try:
            return verb(*args, **kwargs)
        except CslbenchError as error:
            say(f"error: {error}", err=True)
            raise typer.Exit(AT_FAULT) from None
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None

    return wrapped


@contextmanager
def stoppable() -> Iterator[None]:
    """Leave with the exit code of the signal that ended an engine's run."""
    from benchmark.engines.engine import Interrupted

    try:
        yield
    except Interrupted as stopped:
        typer.echo(str(stopped), err=True)
        raise typer.Exit(128 + stopped.signum) from None


def chosen(
    name: str,
    *,
    methods: list[str] | None = None,
    datasets: list[str] | None = None,
    encoders: list[str] | None = None,
    replicates: list[int] | None = None,
    plugins: list[Path] | None = None,
) -> Matrix:
    """Return the part of a matrix that the options select, plugins known."""
    from benchmark.matrix.load import load, select

    learn(plugins)
    return select(load(name), methods or (), datasets or (), encoders or (), replicates or ())


def learn(plugins: list[Path] | None) -> None:
    """Make the methods of plugins known, whose cards a reader of results needs as well.

    Raises:
        UsageError: If a file is no plugin.
    """
    from benchmark.plugins import load_all

    load_all(plugins or ())


def existing(results: Path) -> Path:
    """Return a results folder that is to be read: one that is not there is a slip of the hand.

    An empty one is a folder of no results; verbs that make results make their folder.

    Raises:
        UsageError: Naming the folder, and the one beside it whose name is near.
    """
    import difflib

    from benchmark.errors import UsageError

    if results.exists():
        return results
    beside = [path.name for path in results.parent.glob("*") if path.is_dir()]
    near = difflib.get_close_matches(results.name, beside, n=1)
    hint = f"did you mean {results.with_name(near[0])}?" if near else "name one by --results"
    raise UsageError(f"{results}: there is no such results folder; {hint}")


def check_limits(**limits: float | None) -> None:
    """Refuse what no clock or system can count to, infinity too.

    Args:
        limits: Of a cell, by the name of the option: seconds or GiB.

    Raises:
        UsageError: Naming the option.
    """
    from benchmark.errors import UsageError

    for option, value in limits.items():
        if value is not None and not value <= _LARGEST:
            raise UsageError(
                f"--{option} must be a number of at most {_LARGEST:g} (got {value:g}); "
                "without it there is no limit"
            )


def typed() -> str:
    """Return the command as it was typed."""
    return shlex.join(["cslbench", *sys.argv[1:]])


def say(line: str, *, err: bool = False) -> None:
    """Print one line, whatever a stranger's file put into it."""
    from benchmark.reading import plain

    typer.echo(plain(line), err=err)


def print_json(value: Any) -> None:
    """Print a value for a program to read."""
    import json

    typer.echo(json.dumps(value, indent=1, allow_nan=False))


def print_rows(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a table in columns, for a person."""
    from benchmark.reading import plain

    table = [header, *(tuple(map(plain, row)) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(line.rstrip())
