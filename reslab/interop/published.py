"""Weights that others have published, by names of ours: where they lie on this machine, and how they get there.

Files end in the first eight hex digits of their sha256, as torch's hub has it, and are checked against these.
"""

from dataclasses import dataclass
from pathlib import Path

from torch import hub

from reslab.caches import cache_dir
from reslab.data.fetch import fetch, mismatch
from reslab.errors import RunError, either, nearest, unknown
from reslab.progress import Progress, Say, silent, unseen
from reslab.store import trained_names

TORCHVISION = "https://download.pytorch.org/models"
AKAMASTER = "https://github.com/akamaster/pytorch_resnet_cifar10/raw/master/pretrained_models"


@dataclass(frozen=True)
class Published:
    """A file of weights on somebody's server."""

    file: str
    site: str
    what: str

    @property
    def checksum(self) -> str:
        return f"sha256:{Path(self.file).stem.rpartition('-')[2]}"


def _of_torchvision(version: str, **files: str) -> dict[str, Published]:
    ending = "" if version == "V1" else f"-{version.lower()}"
    what = f"torchvision's IMAGENET1K_{version}: ImageNet, 1,000 classes, 224 px"
    return {f"{net}-imagenet{ending}": Published(f"{net}-{sha}.pth", TORCHVISION, what) for net, sha in files.items()}


def _of_akamaster(**files: str) -> dict[str, Published]:
    what = "akamaster's: CIFAR-10, all 50,000 training images"
    return {f"{net}-akamaster": Published(f"{net}-{sha}.th", AKAMASTER, what) for net, sha in files.items()}


PUBLISHED = {
    **_of_torchvision(
        "V1", resnet18="f37072fd", resnet34="b627a593", resnet50="0676ba61", resnet101="63fe2227", resnet152="394f9c45"
    ),
    **_of_torchvision("V2", resnet50="11ad3fa6", resnet101="cd907fc2", resnet152="f82ba261"),
    **_of_akamaster(
        resnet20="12fca82f",
        resnet32="d509ac18",
        resnet44="014dd654",
        resnet56="4bfd9763",
        resnet110="1d1ed7c2",
        resnet1202="f3b1deed",
    ),
}


def is_published(place: Path) -> bool:
    """Is it one of these names, and nothing of the user's?"""
    return str(place) in PUBLISHED and not place.exists()


def published_file(name: str) -> Path:
    """Where the weights of that name lie: where `fetch_published` put them, or in torch's hub's folder.

    Raises RunError where they do not, with the way to them.
    """
    found = _here(name)
    if found is None:
        raise RunError(f"{name} is not on this machine ({PUBLISHED[name].what}): reslab data fetch {name} fetches it")
    return found


def refuse_other(name: str, file: Path, sha256: str) -> None:
    """Raises RunError where `file`, of that digest, is not what was published under that name."""
    expected = PUBLISHED[name].checksum.removeprefix("sha256:")
    if not sha256.startswith(expected):
        raise RunError(
            f"{file} is torn, or another file: its sha256 begins with {sha256[:8]}, not with {expected}; "
            f"reslab data fetch {name} fetches the right one"
        )


def fetch_published(name: str, url: str | None = None, say: Say = silent, progress: Progress = unseen) -> Path:
    """Download the weights of that name into the user's cache, unless they are on this machine; gives their file.

    `url` is another source, of the file or of the folder that has it. Raises UsageError for a name that is none,
    DataError where they cannot be had.
    """
    if name not in PUBLISHED:
        raise unknown("weights", name, PUBLISHED, listed="reslab list")
    of = PUBLISHED[name]
    for here in _there(name):
        if not mismatch(here, of.checksum):
            return here
    source = (url or of.site).rstrip("/")
    source = source if source.endswith(f"/{of.file}") else f"{source}/{of.file}"
    elsewhere = f"name another source: reslab data fetch {name} --data-url ADDRESS"
    return fetch(source, _ours(of.file), of.checksum, say, progress, by_hand=elsewhere)


def list_published() -> list[dict[str, str | None]]:
    """Each with what it is, and where it lies (None if it is nowhere)."""
    places = {name: _here(name) for name in PUBLISHED}
    return [
        {"name": name, "what": of.what, "file": of.file, "where": str(place) if (place := places[name]) else None}
        for name, of in PUBLISHED.items()
    ]


def name_hint(place: Path) -> str:
    """What to say where `place`, a single word, is nothing that exists: nets, ours and published, called nearly so."""
    names = [*trained_names(), *PUBLISHED]
    if place.exists() or len(place.parts) != 1 or place.suffix or str(place) in names:
        return ""
    if not (near := nearest(str(place), names)):
        return ""
    to_fetch = next((name for name in near if name in PUBLISHED and not _here(name)), None)
    then = f" Published weights are fetched first: reslab data fetch {to_fetch}" if to_fetch else ""
    return f"; did you mean {either(near)}?{then}"


def _here(name: str) -> Path | None:
    return next(iter(_there(name)), None)


def _there(name: str) -> list[Path]:
    """The files of that name. Ours come first: they were checked when they were fetched."""
    file = PUBLISHED[name].file
    places = (_ours(file), Path(hub.get_dir()) / "checkpoints" / file)
    return [place for place in places if place.is_file()]


def _ours(file: str) -> Path:
    return cache_dir() / "weights" / file
