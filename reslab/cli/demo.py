"""`reslab demo`: the main job in a minute, on data that is inside the package."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reslab.cli.report import write_report
from reslab.cli.show import emit, notes, out, pairs, say, show_text
from reslab.cli.train import show_result
from reslab.cli.watch import watched

if TYPE_CHECKING:
    import numpy as np

SHOWN = 6
SHADES = " .:-=+*#%@"


def demo(
    runs: Annotated[Path, typer.Option(help="Where run folders are made.")] = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Train ResNet-20 on real handwritten digits, test it, predict a few, write a report."""
    from reslab.training import Surroundings, recipe_for, train

    say("ResNet-20 learns handwritten digits: 1,077 to train on, 360 to watch, 360 to be tested on.")
    with watched() as watch:
        result = train(recipe_for("digits"), runs=runs, around=Surroundings(say=say, watch=watch))
    run = Path(result["run"])
    page = write_report([run])
    answers = _answers(run)
    if json:
        emit(
            {
                **result,
                "report": page,
                "predictions": [{"true": t, "predicted": p, "probability": q} for _, t, p, q in answers],
            }
        )
        return
    out.print("\nSome of the test images, and what the net says:\n")
    _draw(answers)
    out.print()
    show_result(result)
    pairs([("report", f"{page} (open it in a browser)")])
    if not notes.is_terminal:
        return
    out.print("\nYour own photographs, in a folder of class folders:  reslab train FOLDER")


def _answers(run: Path) -> list[tuple["np.ndarray", str, str, float]]:
    """Pixels, true name, predicted name and its probability, of the first test images."""
    from reslab.data import Images, load_dataset
    from reslab.engine import Request, choose, this_machine
    from reslab.evaluation import scores_of, softmax
    from reslab.store import load

    classifier = load(run)
    test = load_dataset("digits").splits["test"]
    pictures = test.pixels[:SHOWN]
    first = Images(pictures, test.labels[:SHOWN])
    probabilities = softmax(scores_of(classifier, first, choose(Request(), this_machine())[0]))
    names = classifier.classes
    return [
        (pixels, names[label], names[row.argmax()], float(row.max()))
        for pixels, label, row in zip(pictures, first.labels, probabilities, strict=True)
    ]


def _draw(answers: list[tuple[Any, str, str, float]]) -> None:
    """The images side by side in characters, two a pixel, the answers below."""
    for row in range(len(answers[0][0])):
        line = "  ".join(
            "".join(2 * SHADES[int(value) * len(SHADES) // 256] for value in a[0][row, :, 0]) for a in answers
        )
        show_text(line)
    width = 2 * answers[0][0].shape[1] + 2
    words = (f"{p} ({100 * q:.0f} %)" + ("" if p == t else f", is {t}") for _, t, p, q in answers)
    show_text("".join(word.ljust(width) for word in words))
