"""`reslab list`: everything that has a name."""

from pathlib import Path
from typing import Annotated

import typer

from reslab.cli.overview import ELSEWHERE, overview, show_experiments
from reslab.cli.show import emit, table


def list_all(
    data_root: Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")] = None,
    fields: Annotated[bool, typer.Option("--fields", help="The fields of a recipe (--set), and what each is.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Name the models, data sets, recipes, trained and published nets and experiments, and what these cost here."""
    if fields:
        show_fields(json)
        return
    from reslab.data import list_datasets
    from reslab.experiments.registry import EXPERIMENTS
    from reslab.interop import list_published
    from reslab.nets import MODELS, spec
    from reslab.reporting.rounding import epochs_text
    from reslab.store import list_trained
    from reslab.training import ORIGINALS, PRESETS

    models = [
        {"name": name, "depth": s.depth, "shortcut": s.shortcut, "size": s.size, "classes": s.classes}
        | {"original": ORIGINALS[name].told if name in ORIGINALS else ""}
        for name in MODELS
        for s in [spec(name)]
    ]
    names = {
        "models": models,
        "datasets": list_datasets(data_root),
        "recipes": [{"name": name, "description": text} for name, text in PRESETS.items()],
        "trained": list_trained(),
        "published": list_published(),
    }
    experiments = list(EXPERIMENTS.values())
    if json:
        emit({**names, "experiments": overview(experiments, remembered=True)})
        return
    shown = [
        net | {"epochs": None if net["epochs"] is None else epochs_text(net["epochs"])} for net in names["trained"]
    ]
    for title, rows in (names | {"trained": shown}).items():
        if rows:
            table(rows[0], (row.values() for row in rows), title=title.capitalize())
            print()
    found = overview(experiments, remembered=True)
    show_experiments(found)
    if elsewhere := {scale["expected_on"] for one in found for scale in one["scales"].values()} - {None}:
        print(
            f"\nTimes with {ELSEWHERE} are by the pace of recorded runs elsewhere ({'; '.join(sorted(elsewhere))}), on "
            "as many cores as here: reslab reproduce all tries this machine, and it is remembered."
        )
    print(
        "\nAny other depth 6n+2 is a CIFAR net too (resnet26, plain8, ...), and any folder of class folders a data "
        "set. reslab reproduce looks for photographs in tiny-imagenet-20 (--scale small) and imagenet (full) under the "
        "data folder ($RESLAB_DATA, --data-root), or where --data says."
    )


def show_fields(json: bool) -> None:
    """Every field of a recipe, with its values in the presets as they are for CIFAR-10."""
    from dataclasses import asdict

    from reslab.experiments import cifar10_presets
    from reslab.reporting import FIELD_COLUMNS, field_rows

    rows = field_rows(cifar10_presets())
    if json:
        emit({"fields": [asdict(row) for row in rows]})
        return
    table(
        FIELD_COLUMNS,
        (asdict(row).values() for row in rows),
        title="Fields of a recipe, as `paper` has them on CIFAR-10",
    )
    print("\n--set field=value changes one: reslab train --set optimizer.lr=0.05 --set augment.flip=false")
