"""A run's record as TensorBoard's events: the lines of its metrics, its recipe as hparams, its result; as bytes.

What is made of a line depends on that line alone, and not on when it is made.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reslab.reporting.recipes import value_text
from reslab.training import Recipe, field_of, told_departures

if TYPE_CHECKING:
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

TAGS = {
    "loss": "loss/train",
    "val_loss": "loss/val",
    "train_error": "error/train",
    "val_error": "error/val",
    "lr": "learning_rate",
    "images_per_second": "images_per_second",
}
FINAL = ("train_error", "val_error", "test_error")
ALWAYS = ("data.name", "model.name", "name", "seed", "schedule.steps", "batch", "optimizer.lr")


def opening_events(recipe: Recipe, begun: float) -> bytes:
    """What an event file begins with, and the recipe: what tells runs apart, and what departs from its preset.

    `begun` is when the run was, in seconds since 1970; so below.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.metadata import SESSION_START_INFO_TAG
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionStartInfo

    start = SessionStartInfo(start_time_secs=begun)
    for name in dict.fromkeys((*ALWAYS, *told_departures(recipe))):
        value = field_of(recipe, name)
        if isinstance(value, bool):
            start.hparams[name].bool_value = value
        elif isinstance(value, int | float):
            start.hparams[name].number_value = value
        else:
            start.hparams[name].string_value = value_text(value)
    version = _record(Event(wall_time=begun, file_version="brain.Event:2"))
    return version + _hparams(SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=start), begun)


def line_events(line: dict[str, Any], begun: float) -> bytes:
    """The scalars in one line of metrics, at the time that was trained until then."""
    scalars = {tag: line[key] for key, tag in TAGS.items() if line.get(key) is not None}
    return b"".join(_scalar(tag, value, line["step"], begun + line["seconds"]) for tag, value in scalars.items())


def closing_events(lines: Sequence[dict[str, Any]], result: dict[str, Any] | None, begun: float) -> bytes:
    """The final errors of a run, in percent, and that it has ended; without a `result`, that it diverged."""
    from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS
    from tensorboard.plugins.hparams.metadata import SESSION_END_INFO_TAG
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

    end, found = begun + (lines[-1]["seconds"] if lines else 0.0), result or {}
    scalars = [
        _scalar(f"final/{name}", found[name], found["steps"], end) for name in FINAL if found.get(name) is not None
    ]
    status = STATUS_FAILURE if result is None else STATUS_SUCCESS
    data = HParamsPluginData(session_end_info=SessionEndInfo(status=status, end_time_secs=end))
    return b"".join(scalars) + _hparams(SESSION_END_INFO_TAG, data, end)


def _scalar(tag: str, value: float, step: int, time: float) -> bytes:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    return _record(
        Event(wall_time=time, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]))
    )


def _hparams(tag: str, data: "HParamsPluginData", time: float) -> bytes:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.plugins.hparams.metadata import NULL_TENSOR, PLUGIN_DATA_VERSION, PLUGIN_NAME

    data.version = PLUGIN_DATA_VERSION
    content = data.SerializeToString(deterministic=True)  # a dict of Protobuf's has no order of its own
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=PLUGIN_NAME, content=content))
    value = Summary.Value(tag=tag, metadata=metadata, tensor=NULL_TENSOR)
    return _record(Event(wall_time=time, summary=Summary(value=[value])))


def _record(event: Any) -> bytes:
    """One event, between the lengths and checksums of TensorBoard's files."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    written = io.BytesIO()
    RecordWriter(written).write(event.SerializeToString())
    return written.getvalue()
