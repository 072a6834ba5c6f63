"""What is asked of engine, device, precision and threads, refused where it cannot be had, before any data are read."""

from typing import TYPE_CHECKING

from reslab.cli.options import Text

if TYPE_CHECKING:
    from reslab.engine import Request
    from reslab.training import Asked


def refuse_unavailable(request: "Request", workers: int, net: "Asked | None" = None, data: Text = None) -> None:
    """UsageError for what this machine does not have; of the native engine, for what it lacks of `net`, too.

    `net` is the one that is to be trained on `data`; what it does not say is the default there.
    """
    from reslab.data import NAMES
    from reslab.engine import refuse_unavailable, this_machine
    from reslab.experiments.plan import refuse_negative
    from reslab.nets import spec
    from reslab.training.presets import usual_model

    refuse_negative(workers, request.threads)
    architecture = None
    if net and request.engine == "native":
        name = net.model or usual_model(data is None or data in NAMES)
        architecture = spec(name, net.shortcut, None, net.size, net.stride_in)
    refuse_unavailable(request, this_machine(), architecture)
