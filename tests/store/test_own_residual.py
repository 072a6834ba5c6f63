"""Residual functions of one's own: only nets that were made of one are given it, and that it has changed is said."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from reslab import load
from reslab.errors import RunError, UsageError
from reslab.evaluation import evaluate, predict
from reslab.evaluation.ensemble import members_of
from reslab.interop import export, trained
from reslab.nets import digest_of
from reslab.nets.blocks import basic
from reslab.progress import silent
from reslab.store import RunFolder, changed_residual, residuals_for
from tests.interop.classifiers import classifier, noise, saved


def gelu(channels_in: int, width: int, stride: int, stride_in: str) -> nn.Module:
    """Weights of the shapes of the paper's, and another function."""
    own = basic(channels_in, width, stride)
    own[2] = nn.GELU()
    return own


@pytest.fixture
def papers(tmp_path) -> Path:
    return saved(tmp_path / "papers.safetensors", classifier("resnet8", 8))


@pytest.fixture
def own(tmp_path) -> Path:
    made = classifier("resnet8", 8, residual=gelu)
    made.identity = replace(made.identity, residual="mine:gelu")
    return saved(tmp_path / "own.safetensors", made)


def test_another_net_is_not_made_of_a_file(papers):
    for ask in (load, trained, lambda place, residual: evaluate(place, "digits", residual=residual)):
        with pytest.raises(UsageError, match=rf"{papers.name} has no residual function of one's own.*leave --residual"):
            ask(papers, residual=gelu)
    for ask in (lambda net: evaluate(net, residual=gelu), lambda net: export(net, "torchvision", residual=gelu)):
        with pytest.raises(UsageError, match="resnet8 is loaded already, with its residual function"):
            ask(load(papers))


def test_of_several_nets_those_of_ones_own_take_it(papers, own):
    assert residuals_for([papers, own, "resnet20-cifar10"], gelu) == [None, gelu, None]
    members = members_of((papers, own), None, gelu, silent)
    kinds = [{type(module) for module in member.classifier.net.modules()} for member in members]
    assert [nn.GELU in kind for kind in kinds] == [False, True]
    with pytest.raises(UsageError, match=r"papers\.safetensors has no residual function of one's own"):
        members_of((papers, "resnet20-cifar10"), None, gelu, silent)
    with pytest.raises(RunError, match="no run folder or model file away"):
        members_of((own, "away"), None, gelu, silent)


def test_weights_to_begin_with_go_into_another_function(papers):
    begun = trained(papers, gelu, replacing=True)
    assert any(isinstance(module, nn.GELU) for module in begun.net.modules())
    assert torch.equal(begun.net.stem[0].weight, load(papers).net.stem[0].weight)


def run_of(made: Path, digest: str) -> Path:
    """The folder of a run that has this model, trained with the function of this digest."""
    run = made.parent / f"run-{digest}"
    run.mkdir()
    RunFolder(run).write_recipe({"model": {"residual": "mine:gelu", "residual_digest": digest}})
    (run / "model.safetensors").write_bytes(made.read_bytes())
    return run


def test_a_function_that_has_changed_is_said_and_not_refused(own):
    same, edited = run_of(own, digest_of(gelu)), run_of(own, "01234567")
    words = f"mine:gelu has changed since {edited} was trained (digest 01234567 then, {digest_of(gelu)} now)"
    with pytest.warns(UserWarning, match=re.escape(words)):
        net = load(edited, residual=gelu)
    assert changed_residual(net).startswith(words)
    assert not changed_residual(load(same, residual=gelu)) and not changed_residual(load(own, residual=gelu))
    told: list[str] = []
    trained(edited / "model.safetensors", gelu, told.append)
    list(predict(edited, noise(1, 8), residual=gelu, say=told.append))
    assert [line.startswith(words) for line in told] == [True, True]


def test_a_file_out_of_its_run_knows_its_function_too(own, tmp_path):
    assert b"residual_digest" not in own.read_bytes()  # as older files are: nothing is known, and nothing said
    made = load(own, residual=gelu)
    made.identity = replace(made.identity, residual_digest="01234567")
    lone = saved(tmp_path / "lone.safetensors", made)
    words = f"mine:gelu has changed since {lone} was trained (digest 01234567 then, {digest_of(gelu)} now)"
    assert changed_residual(trained(lone, gelu)).startswith(words)
    made.identity = replace(made.identity, residual_digest=digest_of(gelu))
    assert not changed_residual(trained(saved(lone, made), gelu))
