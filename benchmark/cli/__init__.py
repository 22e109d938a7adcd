"""The command `cslbench`: parse, call, print, exit. Decides nothing.

Only typer is imported here: `--help` answers at once, whatever a verb needs it imports itself.
"""

from __future__ import annotations

import typer
from typer.core import TyperGroup


class _Sentences(TyperGroup):
    """Verbs whose mistyped arguments are said in one sentence, as all other errors are."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        """Run the verb that was typed."""
        from benchmark.errors import words

        try:
            return super().invoke(ctx)
        except Exception as error:
            said = getattr(error, "format_message", None)  # of what click cannot parse
            if said is None or getattr(error, "exit_code", None) != 2:
                raise
            where, colon, message = said().rstrip(".").partition(": ")
            message = words(message)
            sentence = f"{where}{colon}{message[:1].lower()}{message[1:]}"
            typer.echo(f"error: {sentence[:1].lower()}{sentence[1:]}", err=True)
            raise typer.Exit(2) from None


def application() -> typer.Typer:
    """Return the application with all its verbs."""
    # imported here, so that the names of the modules stay the modules' own
    from benchmark.cli.cite import cite
    from benchmark.cli.claims import claims
    from benchmark.cli.compare import compare
    from benchmark.cli.data import data
    from benchmark.cli.diff import diff
    from benchmark.cli.doctor import doctor
    from benchmark.cli.evaluate import evaluate
    from benchmark.cli.explain import explain
    from benchmark.cli.export import export
    from benchmark.cli.gate import gate
    from benchmark.cli.history import history
    from benchmark.cli.importing import import_table
    from benchmark.cli.leaderboard import leaderboard
    from benchmark.cli.listing import show
    from benchmark.cli.merge import merge
    from benchmark.cli.nightly import nightly
    from benchmark.cli.plan import plan, status
    from benchmark.cli.plot import plot
    from benchmark.cli.reproduce import reproduce
    from benchmark.cli.robustness import robustness
    from benchmark.cli.run import run
    from benchmark.cli.site import site
    from benchmark.cli.table import table
    from benchmark.cli.tune import tune
    from benchmark.cli.validate import validate

    app = typer.Typer(
        name="cslbench",
        cls=_Sentences,
        help="A reproducibility benchmark of contrastive self-supervised learning.\n\n"
        "Example: cslbench run --results demo",
        epilog="Exit codes: 0 done; 1 a cell failed or a check found something; 2 a request, "
        "matrix or dataset is at fault; 3 the gate could not tell; 130, 143 interrupted.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,  # rich alone would take half of the time that --help may take
        pretty_exceptions_enable=False,
    )
    verbs = (
        run, plan, status, leaderboard, compare, claims, validate, merge, explain, diff, reproduce,
        doctor, evaluate, robustness, data, tune, gate, table, plot, cite, export, site, nightly,
        history,
    )  # fmt: skip
    for verb in verbs:
        app.command()(verb)
    app.command("list")(show)
    app.command("import")(import_table)
    return app


def main() -> None:
    """Run the command that was typed."""
    application()()
