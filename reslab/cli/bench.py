"""`reslab bench`: how fast this machine trains, beside PyTorch."""

from typing import Annotated, Any

import typer

from reslab.cli.show import duration, emit, out, pairs, say, table

app = typer.Typer(help="Measure speed.", no_args_is_help=True)


@app.callback()
def _bench() -> None:
    """Measure speed."""


@app.command()
def train(
    model: Annotated[str, typer.Option(help="A net of `reslab list`.")] = "resnet20",
    batch: Annotated[int, typer.Option(help="Images in a batch.")] = 128,
    engine: Annotated[str, typer.Option(help="Ours: auto, or an engine by its name.")] = "auto",
    threads: Annotated[int, typer.Option(help="Bind everyone to so many cores; 0: as they like.")] = 0,
    save: Annotated[bool, typer.Option("--save", help="Keep the result in results/.")] = False,
    minutes: Annotated[float, typer.Option(hidden=True)] = 8.0,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Training speed on this CPU: ours, plain PyTorch, and PyTorch at its best. Takes up to 8 minutes."""
    from reslab.bench import bench_name, bench_train, surroundings
    from reslab.store import results_folder, write_bench

    result = bench_train(model, batch, engine, threads, minutes, say)
    emit(result) if json else show(result)
    if save:
        around = surroundings()
        path = write_bench(bench_name(result, around["machine"]), result, around, results_folder())
        say(f"kept in {path}")


def show(result: dict[str, Any]) -> None:
    """The comparison as a table, and what the processor was used for."""
    ours = f"engine {result['engine']}, {result['precision']}"
    best = f"PyTorch at its best: {result['best_torch']}"
    threads = f"{result['threads']} thread{'' if result['threads'] == 1 else 's'}"
    table(
        ("training", "img/s", "ours is"),
        (
            (best, _rate(result["best_torch_images_per_second"]), f"{result['best_torch_ratio']:.2f} times as fast"),
            ("PyTorch as it comes", _rate(result["plain_images_per_second"]), f"{result['plain_ratio']:.2f} times"),
            (ours, _rate(result["images_per_second"]), ""),
        ),
        title=f"{result['model']}, batch {result['batch']}, {threads}",
    )
    out.print()
    used = result["achieved_gflops"] / result["peak_gflops"]
    pairs(
        [
            ("over rounds", f"{result['ratio_min']:.2f} to {result['ratio_max']:.2f} ({result['rounds']} rounds)"),
            (
                "as direct products",
                f"{result['achieved_gflops']:,.0f} GFLOP/s of {result['peak_gflops']:,.0f} ({used:.0%})",
            ),
            ("time", duration(result["seconds"])),
        ]
    )


def _rate(images_per_second: float) -> str:
    return f"{images_per_second:,.0f}"
