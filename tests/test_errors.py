"""What a name that does not exist is answered with: the nearest that do, and nothing that was never meant."""

from pathlib import Path

import pytest

from reslab.cli import main
from reslab.errors import FEW, MANY, RunError, UsageError, as_typed, either, nearest, unknown
from reslab.training import field_names
from reslab.training.fields import read_field


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lr", ["optimizer.lr"]),
        ("opt.lr", ["optimizer.lr"]),
        ("optimizer.rl", ["optimizer.lr"]),
        ("data.sise", ["data.size"]),
        ("Optimizer.Momentun", ["optimizer.momentum"]),
        ("schedule.warmup", ["schedule.warmup_lr", "schedule.warmup_steps"]),
        ("shortcuts", ["model.shortcut"]),
        ("kind", ["optimizer.kind", "schedule.kind"]),
        ("mixup_alpha", ["mixup"]),
        ("batch_size", ["batch", "data.size"]),
        ("augment.random-flip", ["augment.flip"]),
        ("label_smoothing", ["smoothing"]),
        ("pretrained", []),
        ("model.pretrained", []),
        ("augment.color_jitter", []),
        ("optimizer.wd", []),
        ("model.depth", []),
        ("dropout", []),
    ],
)
def test_fields_are_told_by_their_last_part(typed, meant):
    assert nearest(typed, field_names()) == meant


def test_where_nothing_is_near_the_fields_beside_it_are_said():
    message = str(unknown("field", "model.pretrained", field_names()))
    assert message.startswith("unknown field 'model.pretrained': known: model.name, model.shortcut, ")
    assert "optimizer" not in message


def test_where_nothing_is_near_and_names_are_many_it_is_said_where_they_stand():
    fields = field_names()
    assert len(fields) > MANY
    for name in ("pretrained", "foo.bar"):
        assert str(unknown("field", name, fields, "reslab list --fields")) == (
            f"unknown field '{name}': none of the {len(fields)} names is near it; reslab list --fields shows them"
        )
    with pytest.raises(UsageError, match=r"'pretrained': .*; reslab list --fields shows them$"):
        read_field("pretrained=true")
    classes = [f"class{number}" for number in range(1000)]
    assert str(unknown("class", "x", classes)).endswith(f"the 1,000 names is near it: {', '.join(classes[:FEW])}, ...")
    assert str(unknown("class", "x", classes[:MANY])).endswith(f"known: {', '.join(classes[:MANY])}")


def test_few_names_are_all_said_and_many_are_not():
    assert str(unknown("recipe", "Papper", ["paper", "fast", "small"])) == (
        "unknown recipe 'Papper': did you mean paper? (known: paper, fast, small)"
    )
    assert str(unknown("model", "resnt20", [f"resnet{n}" for n in range(18, 28)])).endswith("?")
    assert str(unknown("optimizer", "adam", ["sgd", "muon"])) == "unknown optimizer 'adam': known: sgd, muon"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("resnt20", ["resnet20"]),
        ("RESNET56-CIFAR10", ["resnet56-cifar10"]),
        ("resnet56", ["resnet56-cifar10", "resnet56-akamaster"]),
        ("resnet20-cifar", ["resnet20-cifar10"]),
        ("resnet65-cifar10", ["resnet56-cifar10", "resnet20-cifar10"]),
        ("photo.jpg", []),
        ("", []),
    ],
)
def test_what_begins_so_goes_before_what_is_alike_and_that_before_what_is_less(typed, meant):
    names = ["resnet20", "resnet1202", "resnet20-cifar10", "resnet56-cifar10", "resnet56-akamaster"]
    assert nearest(typed, names) == meant


def test_what_belongs_to_an_error_stands_below_it_a_line_each(monkeypatch, capsys):
    error = RunError("these differ in:", ["batch: 128, 64", "name: a\nb"])
    assert (str(error), str(RunError("one line"))) == ("these differ in:\n  batch: 128, 64\n  name: a\nb", "one line")

    def failing() -> None:
        raise error

    monkeypatch.setattr("reslab.cli.app.app", failing)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "reslab: these differ in:\n  batch: 128, 64\n  name: a\\nb\n"


def test_several_names_in_words():
    names = ["resnet20-a", "resnet20-b", "resnet20-c"]
    assert [either(names[:n]) for n in (1, 2, 3)] == [
        "resnet20-a",
        "resnet20-a or resnet20-b",
        "resnet20-a, resnet20-b or resnet20-c",
    ]
    assert "did you mean resnet20-a, resnet20-b or resnet20-c?" in str(unknown("weights", "resnet20", names))


@pytest.mark.parametrize(
    ("system", "path", "typed"),
    [
        ("posix", "runs/cifar10-resnet20-fast-1a2b-s0", "runs/cifar10-resnet20-fast-1a2b-s0"),
        ("posix", "my runs/a", "'my runs/a'"),
        ("posix", "it's", "'it'\"'\"'s'"),
        ("nt", r"C:\runs\a", r"C:\runs\a"),
        ("nt", r"C:\my runs\a", r'"C:\my runs\a"'),
    ],
)
def test_paths_in_commands_are_quoted_where_they_must(monkeypatch, system, path, typed):
    given = path if system == "nt" else Path(path)
    monkeypatch.setattr("os.name", system)
    assert as_typed(given) == typed
