"""What `--download` may fetch: an official data set, and published weights that a training starts from."""

from pathlib import Path

from reslab.cli.options import Text
from reslab.cli.show import say
from reslab.cli.watch import counted
from reslab.errors import UsageError


def fetch_as_asked(data: Text, start: Text, data_root: Path | None, download: bool, data_url: Text) -> None:
    """Fetch the published weights `start`, where that is asked; data sets are fetched when they are read.

    Raises UsageError where there is nothing to fetch: a folder of photographs is named, and no such weights.
    """
    from reslab.data import NAMES, find_folder
    from reslab.interop import fetch_published, is_published

    of_weights = download and start is not None and is_published(Path(start))
    if data is not None and data not in NAMES and (data_url is not None or (download and not of_weights)):
        folder = find_folder(data, data_root)
        option = "--data-url" if data_url is not None else "--download"
        raise UsageError(f"{option}: {folder} is a folder of photographs, which are not fetched; leave the option out")
    if of_weights:
        with counted("fetching, bytes") as progress:
            fetch_published(str(start), say=say, progress=progress)
