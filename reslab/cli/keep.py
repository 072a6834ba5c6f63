"""`python -m reslab.cli.keep RUN...`: make finished runs trained nets that ship with the package.

Each is called MODEL-DATA. Its data set is needed: the responses of Figure 7 are measured, and the validation error of
the net in half precision.
"""

import sys
from pathlib import Path
from typing import Any

from reslab.analysis import responses, sample
from reslab.errors import ReslabError, RunError, as_typed
from reslab.evaluation import evaluate
from reslab.store import Record, load, read_record, refuse_other, write_trained_model, write_trained_record


def main(runs: list[str], folder: Path | None = None) -> None:
    """One entry a run. Raises RunError for a run that is not finished, or whose name another run has."""
    for run in runs:
        record = read_record(run)
        if not record.result:
            raise RunError(f"the run {run} is not finished; go on with: reslab train --run {as_typed(run)}")
        name = f"{record.result['model']}-{Path(record.result['data']).name}"
        refuse_other(name, record, folder)
        classifier = load(run)
        if classifier.residual is not None or classifier.identity.fingerprint:
            raise RunError(f"{run}: a net of one's own blocks or photographs does not ship with the package")
        model = write_trained_model(name, classifier, folder)
        print(write_trained_record(name, record, measured(Path(run), record, model), folder))


def measured(run: Path, record: Record, model: Path) -> dict[str, Any]:
    """Responses of the run's net, and the error of the net in half precision on its validation images."""
    classifier = load(run)
    images = sample(run, classifier)
    found: dict[str, Any] = {
        "responses": {
            "data": images.source,
            "images": len(images),
            "layers": [row.to_dict() for row in responses(classifier, images.pixels)],
        }
    }
    if record.result.get("val_images"):
        half = evaluate(model, split="val")
        found["half"] = {"split": half.split, "images": half.images, "top1_error": half.top1_error}
    return found


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ReslabError as error:
        sys.exit(f"reslab: {error}")
