"""Whatever `load` opens may be named to `predict` and `evaluate`, too."""

import inspect

import numpy as np
import pytest
from PIL import Image

import reslab
from reslab import evaluation
from reslab.errors import RunError
from tests.interop.by_hand import onnx_by_hand
from tests.interop.classifiers import classifier, noise, saved


def test_an_exported_file_is_asked_by_its_name(tmp_path):
    file = onnx_by_hand(tmp_path / "net.onnx", classifier("resnet8", 8))
    for place in (file, str(file)):
        assert list(reslab.predict(place, noise(3, 8))) == list(reslab.predict(reslab.load(file), noise(3, 8)))
    with pytest.raises(RunError, match=r"no file .*gone\.onnx"):
        reslab.predict(tmp_path / "gone.onnx", noise(1, 8))
    with pytest.raises(reslab.UsageError, match="name their folder"):
        reslab.evaluate(file)


def test_so_are_other_programs_weights_and_models_of_ours(tmp_path):
    made = classifier("resnet18", 16)
    ours = saved(tmp_path / "ours.safetensors", made)
    theirs = reslab.export(made, "torchvision", tmp_path / "theirs.safetensors").path
    said = []
    found = [list(reslab.predict(net, noise(2, 16), say=said.append)) for net in (ours, theirs, made)]
    assert [p.classes for p in found[0]] == [p.classes for p in found[1]] == [p.classes for p in found[2]]
    np.testing.assert_allclose(found[0][0].probabilities, found[1][0].probabilities, atol=0.02)
    assert any("resnet18 as torchvision names it" in line for line in said)


def test_members_of_an_ensemble_are_opened_by_their_names_too(tmp_path):
    first, second = classifier("resnet8", 8), classifier("resnet8", 8, mean="pixel")
    file = onnx_by_hand(tmp_path / "net.onnx", second)
    picture = noise(1, 8)
    expected = list(reslab.predict(first, picture, ensemble=[reslab.load(file)]))
    for ensemble in (file, str(file), [file], (str(file),)):
        assert list(reslab.predict(first, picture, ensemble=ensemble)) == expected
    assert expected != list(reslab.predict(first, picture)) == list(reslab.predict(first, picture, ensemble=None))
    photo = tmp_path / "photos" / "test" / "cat" / "1.png"
    photo.parent.mkdir(parents=True)
    Image.fromarray(picture[0]).save(photo)
    found = reslab.evaluate(first, tmp_path / "photos", ensemble=str(file))
    assert found.members == ("resnet8 (in memory)", str(file)) and found.images == 1
    with pytest.raises(RunError, match=r"no file .*gone\.onnx"):
        reslab.evaluate(first, ensemble=[tmp_path / "gone.onnx"])


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda net: reslab.evaluate(net, reslab.data.load_dataset("digits")), "data=a Dataset: that takes text or a"),
        (
            lambda net: reslab.evaluate(5),
            "run_or_classifier=5: that takes text, a path, a Classifier or an ExportedNet",
        ),
        (lambda net: reslab.predict(net, noise(1, 8), tops=3), "unknown argument of reslab.predict 'tops'"),
        (lambda net: reslab.predict(net, noise(1, 8), top="3"), "top='3': that takes a whole number"),
        (lambda net: reslab.predict(net, "x" * 300), rf"{'x' * 50}\.\.\. is too long for the name of a file"),
        (lambda net: reslab.evaluate(net, "x" * 300), "is too long for the name of a file"),
        (lambda net: reslab.predict("x" * 300, noise(1, 8)), "is too long for the name of a file"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_name(ask, words):
    with pytest.raises(reslab.UsageError, match=words):
        ask(classifier("resnet8", 8))


def test_the_data_root_may_be_text(tmp_path):
    Image.fromarray(noise(1, 8)[0]).save(_folder(tmp_path / "photos" / "test" / "cat") / "1.png")
    assert reslab.evaluate(classifier("resnet8", 8), "photos", data_root=str(tmp_path)).images == 1


def _folder(place):
    place.mkdir(parents=True)
    return place


def test_they_look_as_what_they_stand_for():
    for name in ("predict", "evaluate"):
        public, inner = getattr(reslab, name), getattr(evaluation, name)
        assert inspect.signature(public) == inspect.signature(inner) and public.__doc__ == inner.__doc__
        with pytest.raises(RunError):
            public(run_or_classifier="no such run", **_images(name))


def _images(name: str) -> dict:
    return {"images": noise(1, 8)} if name == "predict" else {}
