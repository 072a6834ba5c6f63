"""Weights on others' servers, by name: found where torch's hub or we have put them, fetched when asked, and checked."""

import hashlib
import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch

from reslab import predict
from reslab.errors import DataError, RunError, UsageError
from reslab.evaluation import temperature_for
from reslab.interop import PUBLISHED, convert, export, fetch_published, list_published, load, published
from reslab.training import recipe_for
from tests.interop.foreign_weights import akamaster_shapes, filled

NAME = "resnet20-akamaster"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    """A file of weights as such a server has it, which the table knows; caches are empty."""
    path = tmp_path / "server" / "weights.th"
    path.parent.mkdir()
    torch.save({"state_dict": filled(akamaster_shapes(3))}, path)
    named = path.rename(path.with_name(f"resnet20-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.th"))
    monkeypatch.setitem(PUBLISHED, NAME, published.Published(named.name, "http://127.0.0.1:9", "akamaster's"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("RESLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return named


@pytest.fixture
def url(file):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=file.parent)) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def in_hub(file: Path, tmp_path: Path) -> Path:
    place = tmp_path / "torch" / "hub" / "checkpoints" / file.name
    place.parent.mkdir(parents=True)
    place.write_bytes(file.read_bytes())
    return place


def test_files_are_checked_by_what_their_names_end_in():
    assert PUBLISHED["resnet50-imagenet-v2"].checksum == "sha256:11ad3fa6"
    assert all(len(of.checksum) == len("sha256:") + 8 for of in PUBLISHED.values())


def test_what_is_not_here_says_how_to_fetch_it(file):
    with pytest.raises(RunError, match=f"not on this machine.*reslab data fetch {NAME} fetches it"):
        load(NAME)


def test_fetched_once_and_then_a_net_by_its_name(file, url, tmp_path):
    place = fetch_published(NAME, url)
    assert place == tmp_path / "cache" / "weights" / file.name and place.read_bytes() == file.read_bytes()
    net = load(NAME)
    assert (net.identity.model, net.place, net.identity.origin.file) == ("resnet20", Path(NAME), file.name)
    assert fetch_published(NAME, "http://127.0.0.1:9") == place, "nothing is fetched twice"
    assert {one["name"]: one["where"] for one in list_published()}[NAME] == str(place)


def test_the_hubs_own_copy_serves(file, tmp_path):
    place = in_hub(file, tmp_path)
    assert fetch_published(NAME) == place and load(NAME).identity.model == "resnet20"


def test_a_file_of_the_users_goes_before_a_name(file, tmp_path):
    (tmp_path / NAME).write_bytes(b"")
    with pytest.raises(RunError, match=r"torn|no safetensors"):
        load(NAME)


def test_a_torn_file_is_named_and_a_fetched_one_goes_before_it(file, url, tmp_path):
    place = in_hub(file, tmp_path)
    place.write_bytes(place.read_bytes()[:-1])
    with pytest.raises(RunError, match=f"{place} is torn.*reslab data fetch {NAME}"):
        load(NAME)
    fetched = fetch_published(NAME, url)
    assert fetched != place and load(NAME).identity.origin.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_what_a_server_has_otherwise_is_refused(file, url):
    file.write_bytes(b"other")
    with pytest.raises(DataError, match=r"wrong checksum.*by hand, or name another source: reslab data fetch resnet20"):
        fetch_published(NAME, f"{url}/{file.name}")


def test_a_recipe_keeps_the_name_and_the_weights_digest(file, tmp_path):
    in_hub(file, tmp_path)
    recipe = recipe_for("digits", start=NAME, model="resnet20")
    assert recipe.model.start == NAME and recipe.model.start_digest == load(NAME).digest()


def test_what_is_made_of_it_lies_in_the_current_folder(file, tmp_path):
    in_hub(file, tmp_path)
    assert convert(NAME).path == Path(f"{NAME}.safetensors")
    (tmp_path / f"{NAME}.safetensors").unlink()
    assert export(NAME, to="torch-export").path.parent == Path()


def test_others_weights_have_no_recorded_answers(file, tmp_path):
    in_hub(file, tmp_path)
    with pytest.raises(UsageError, match=f"{NAME} has another program's weights, and no recorded answers"):
        temperature_for(load(NAME))


def test_names_that_are_nearly_one(file, tmp_path):
    message = (
        "no run folder or model file resnet152 (reslab train makes one); did you mean resnet152-imagenet or "
        "resnet152-imagenet-v2? Published weights are fetched first: reslab data fetch resnet152-imagenet"
    )
    with pytest.raises(RunError, match=f"^{re.escape(message)}$"):
        load("resnet152")
    with pytest.raises(RunError, match=f"^{re.escape(message)}$"):
        predict("resnet152", tmp_path)
    with pytest.raises(
        RunError, match=r"; did you mean resnet56-cifar10 or resnet56-akamaster\? Published .*akamaster$"
    ):
        load("resnet56")
    in_hub(file, tmp_path)
    with pytest.raises(RunError, match=rf"; did you mean {NAME}\?$"):
        load(NAME[:-1])
    with pytest.raises(UsageError, match="did you mean resnet50-imagenet"):
        fetch_published("resnet50-imagenett")
