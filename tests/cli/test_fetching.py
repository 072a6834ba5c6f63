"""`--download` and `reslab data fetch`: what they fetch, and what they refuse."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from reslab.cli.app import app
from reslab.errors import ReslabError
from reslab.interop import PUBLISHED


def answer(*words) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    result = CliRunner().invoke(app, [*map(str, words)])
    if isinstance(result.exception, ReslabError):
        return result.exception.exit_code, result.stdout, f"{result.stderr}{result.exception}"
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def nothing_here(tmp_path, monkeypatch) -> None:
    """No weights on this machine, and no network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("RESLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("urllib.request.urlopen", lambda request, **_: (_ for _ in ()).throw(OSError("no network")))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pets(tmp_path) -> Path:
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("RGB", (40, 40)).save(tmp_path / "pets" / name / "1.png")
    return tmp_path / "pets"


def test_weights_are_fetched_where_they_are_asked_for_only(nothing_here, pets):
    code, _, err = answer("train", pets, "--from", "resnet18-imagenet")
    assert code == 1 and "reslab data fetch resnet18-imagenet fetches it" in err and "fetching" not in err
    code, _, err = answer("train", pets, "--from", "resnet18-imagenet", "--download")
    assert code == 1 and "could not fetch https://download.pytorch.org/models/resnet18-f37072fd.pth (no network)" in err
    assert "reslab data fetch resnet18-imagenet --data-url ADDRESS" in err


@pytest.mark.parametrize(
    ("more", "option"),
    [
        (("--download",), "--download"),
        (("--download", "--from", "resnet20-cifar10"), "--download"),
        (("--data-url", "http://here"), "--data-url"),
        (("--data-url", "http://here", "--download", "--from", "resnet18-imagenet"), "--data-url"),
    ],
)
def test_photographs_are_not_fetched(nothing_here, pets, more, option):
    code, _, err = answer("train", pets, *more)
    assert code == 2 and err.startswith(f"{option}: {pets} is a folder of photographs, which are not fetched")


def test_nothing_is_fetched_for_what_is_not_there(nothing_here, pets):
    code, _, err = answer("train", "pest", "--from", "resnet18-imagenet", "--download")
    assert code == 2 and err.startswith("unknown data set 'pest'") and "fetching" not in err
    code, _, err = answer("train", pets, "--from", "resnet18-imagenett", "--download")
    assert code == 2 and err.startswith("unknown weights 'resnet18-imagenett': did you mean resnet18-imagenet")


def test_fetch_knows_data_sets_and_weights(nothing_here, tmp_path):
    file = tmp_path / "cache" / "weights" / PUBLISHED["resnet18-imagenet"].file
    code, _, err = answer("data", "fetch", "resnet18-imagenet")
    assert code == 1 and f"put {file.name} into {file.parent} by hand" in err
    code, _, err = answer("data", "fetch", "resnet18-imagenet", "--data-root", tmp_path)
    assert code == 2 and "--data-root is for data sets" in err
    code, _, err = answer("data", "fetch", "resnet18")
    assert code == 2 and "unknown data set or weights 'resnet18': did you mean resnet18-imagenet" in err
    code, out, err = answer("data", "fetch", "digits", "--json")
    assert code == 0 and json.loads(out) == {"data": "digits", "file": None} and "nothing to fetch" in err
