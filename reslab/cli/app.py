"""The verbs of `reslab`, each in a file of its own.

The files of the verbs import the rooms inside their functions: `reslab --help` shall not wait for PyTorch.
"""

import typer

from reslab.cli import (
    analyze,
    bench,
    convert,
    data,
    demo,
    doctor,
    evaluate,
    export,
    info,
    models,
    predict,
    report,
    reproduce,
    sweep,
    train,
)
from reslab.cli.company import alone, in_company

app = typer.Typer(
    name="reslab",
    help="Deep residual learning (He et al. 2015): train, test, predict, report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"reslab {version('reslab')}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Say the version and stop."
    ),
) -> None:
    if context.invoked_subcommand != "train":
        alone(context.invoked_subcommand)


app.command("demo")(demo.demo)
app.command("train")(in_company(train.train))
app.command("sweep")(sweep.sweep)
app.command("eval")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("export")(export.export)
app.command("convert")(convert.convert)
app.command("report")(report.report)
app.command("reproduce")(reproduce.reproduce)
app.command("info")(info.info)
app.command("list")(models.list_all)
app.add_typer(analyze.app, name="analyze")
app.add_typer(data.app, name="data")
app.add_typer(bench.app, name="bench")
app.command("doctor")(doctor.doctor)
