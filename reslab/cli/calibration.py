"""How right probabilities are, in words: measures as trained and at a temperature, and how often each confidence is."""

from typing import TYPE_CHECKING

from reslab.cli.show import counting, out, show_text, table

if TYPE_CHECKING:
    from reslab.evaluation import Calibration, Measures


def show_calibration(found: "Calibration") -> None:
    """Two tables on stdout, and what the temperature was fitted on."""
    columns = [found.trained, *([found.tempered] if found.tempered else [])]
    word = "as trained" if found.inside == 1 else "as exported"
    heads = [word, *([f"temperature {found.temperature:.3f}"] if found.tempered else [])]
    rows = zip(*map(_cells, columns), strict=True)
    out.print()
    table(("calibration", *heads), [(name, *cells) for name, cells in zip(NAMES, rows, strict=True)])
    basis = f"temperature fitted on {found.basis}" if found.tempered else found.basis
    show_text(f"{counting(found.trained.images, 'image')}; {basis}")
    out.print()
    table(("confidence", "right", "images"), _steps(found.trained), title=f"{word}, by confidence")


NAMES = (
    "expected calibration error",
    "that of a calibrated net, by chance",
    "19 times of 20 at most",
    "negative log-likelihood",
    "Brier score",
    "mean confidence",
    "right",
)


def _cells(measured: "Measures") -> tuple[str, ...]:
    """Those of `NAMES`."""
    return (
        f"{measured.ece:.2f} %",
        f"{measured.ece_by_chance:.2f} %",
        f"{measured.ece_by_chance_at_most:.2f} %",
        f"{measured.nll:.4f}",
        f"{measured.brier:.4f}",
        f"{measured.confidence:.2f} %",
        f"{measured.accuracy:.2f} %",
    )


def _steps(measured: "Measures") -> list[tuple[str, str, int]]:
    """Bins that have images, the surest first."""
    return [
        (f"{bin.confidence:.1f} %", f"{bin.accuracy:.1f} %", bin.images) for bin in measured.bins[::-1] if bin.images
    ]
