"""Commands of cslbench, each in a fork of one process that has imported what they need.

The pages hold some eighty commands; one second of imports for each would be the whole test.
Requests are lines of JSON on standard input, answers lines of JSON on standard output.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from tempfile import TemporaryFile

from benchmark.cli import application


def run(words: list[str]) -> None:
    """Run a command."""
    sys.argv = ["cslbench", *words]
    application()(words)


def read(words: list[str]) -> None:
    """Read a command as typer does, and run nothing."""
    import typer

    command = typer.main.get_command(application())
    context = command.make_context("cslbench", list(words))
    name, verb, rest = command.resolve_command(context, [*words])  # type: ignore[attr-defined]
    if "--help" in rest:
        return
    verb.make_context(name, rest, parent=context)


def script(words: list[str]) -> None:
    """Run a snippet of Python."""
    exec(compile(words[0], "snippet", "exec"), {"__name__": "__main__"})


WAYS: dict[str, Callable[[list[str]], None]] = {"run": run, "read": read, "script": script}


def exit_code(way: str, words: list[str]) -> int:
    """Do one thing, as the last that this process does, and return its exit code."""
    try:
        WAYS[way](words)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:
        if show := getattr(error, "show", None):  # click's own, of a command it cannot read
            show()
        else:
            traceback.print_exc()
        return 1
    return 0


def answer(way: str, words: list[str]) -> dict[str, object]:
    """Do one thing in a child and return its exit code and what it printed."""
    with TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(printed.fileno(), 1)
            os.dup2(printed.fileno(), 2)
            code = exit_code(way, words)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        printed.seek(0)
        return {"code": code, "printed": printed.read().decode()}


def main() -> None:
    """Import once, then answer until there is no request."""
    import numpy as np  # noqa: F401
    import pandas as pd  # noqa: F401
    import scipy.stats  # noqa: F401
    import torch  # noqa: F401

    import benchmark.run  # noqa: F401

    for line in sys.stdin:
        way, words = json.loads(line)
        print(json.dumps(answer(way, words)), flush=True)


if __name__ == "__main__":
    main()
