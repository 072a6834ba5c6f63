"""What lies on disk of ours: the model file, the run folder, its record, our results; written in one step each."""

from reslab.store.atomic import json_bytes, make_folder, read_bytes, read_json, write_bytes, write_json
from reslab.store.classifier import UNTOLD, Classifier, Identity, Origin, checked_pixels
from reslab.store.event_file import EventFile
from reslab.store.exported_net import ExportedNet, exported_as
from reslab.store.features_file import refuse_other_file, write_features
from reslab.store.lineage import (
    UNRECORDED,
    Ancestor,
    Lineage,
    learned_files,
    lineage_from,
    lineage_of,
    lineage_of_net,
    run_around,
    sampled_bytes,
    unknown_of,
    write_lineage,
)
from reslab.store.model_file import find_model, load, model_bytes
from reslab.store.own_residual import changed_residual, changed_since, residual_named_in, residuals_for
from reslab.store.paces import remember_pace, remembered_pace
from reslab.store.predictions import Predictions, predictions_bytes, read_predictions
from reslab.store.record import Record
from reslab.store.records import read_record
from reslab.store.results import (
    read_benches,
    read_measurements,
    read_results,
    read_sweeps,
    results_folder,
    write_bench,
    write_measurement,
    write_result,
    write_sweep,
)
from reslab.store.run_files import (
    CONTRAST,
    DIVERGED,
    ENVIRONMENT,
    MODEL_FILE,
    NORMALISATION,
    PREDICTIONS,
    RESULT,
    SPLIT,
    STATE,
    why_no_model,
)
from reslab.store.run_folder import RunFolder
from reslab.store.saving import save
from reslab.store.trained_nets import (
    list_trained,
    read_trained,
    refuse_other,
    trained_record,
    write_trained_model,
    write_trained_record,
)
from reslab.store.trained_places import trained_names
from reslab.store.unwritten import Unwritten

__all__ = [
    "CONTRAST",
    "DIVERGED",
    "ENVIRONMENT",
    "MODEL_FILE",
    "NORMALISATION",
    "PREDICTIONS",
    "RESULT",
    "SPLIT",
    "STATE",
    "UNRECORDED",
    "UNTOLD",
    "Ancestor",
    "Classifier",
    "EventFile",
    "ExportedNet",
    "Identity",
    "Lineage",
    "Origin",
    "Predictions",
    "Record",
    "RunFolder",
    "Unwritten",
    "changed_residual",
    "changed_since",
    "checked_pixels",
    "exported_as",
    "find_model",
    "json_bytes",
    "learned_files",
    "lineage_from",
    "lineage_of",
    "lineage_of_net",
    "list_trained",
    "load",
    "make_folder",
    "model_bytes",
    "predictions_bytes",
    "read_benches",
    "read_bytes",
    "read_json",
    "read_measurements",
    "read_predictions",
    "read_record",
    "read_results",
    "read_sweeps",
    "read_trained",
    "refuse_other",
    "refuse_other_file",
    "remember_pace",
    "remembered_pace",
    "residual_named_in",
    "residuals_for",
    "results_folder",
    "run_around",
    "sampled_bytes",
    "save",
    "trained_names",
    "trained_record",
    "unknown_of",
    "why_no_model",
    "write_bench",
    "write_bytes",
    "write_features",
    "write_json",
    "write_lineage",
    "write_measurement",
    "write_result",
    "write_sweep",
    "write_trained_model",
    "write_trained_record",
]
