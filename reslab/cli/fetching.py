"""What `--download` may fetch: an official data set, and published weights that a training starts or learns from."""

from collections.abc import Iterable
from pathlib import Path

from reslab.cli.options import Text
from reslab.cli.show import say
from reslab.cli.watch import counted
from reslab.errors import UsageError, unknown


def fetch_as_asked(data: Text, nets: Iterable[Text], data_root: Path | None, download: bool, data_url: Text) -> None:
    """Fetch the published weights among `nets`, where that is asked; data sets are fetched when they are read.

    Raises UsageError where there is nothing to fetch: a folder of photographs is named, and no such weights; and where
    there is no such folder, or nothing that one of `nets` names.
    """
    from reslab.data import NAMES, find_folder, is_table
    from reslab.interop import PUBLISHED, fetch_published, is_published
    from reslab.store import trained_names

    named = [net for net in nets if net is not None]
    of_weights = [net for net in named if download and is_published(Path(net))]
    if (download or data_url is not None) and data is not None and data not in NAMES:
        folder = find_folder(data, data_root)  # where there is none, nothing is fetched for it
        for net in named:
            if not (net in of_weights or Path(net).exists() or net in trained_names()):
                raise unknown("weights", net, [*trained_names(), *PUBLISHED], listed="reslab list")
        if data_url is not None or not of_weights:
            option = "--data-url" if data_url is not None else "--download"
            kind = "table" if is_table(folder) else "folder"
            raise UsageError(
                f"{option}: {folder} is a {kind} of photographs, which are not fetched; leave the option out"
            )
    for net in of_weights:
        with counted("fetching, bytes") as progress:
            fetch_published(net, say=say, progress=progress)
