"""A process that does not write: a whole training leaves nothing, and finds nothing to go on from."""

from reslab.data import measure
from reslab.engine import Request, choose, make_engine, this_machine
from reslab.store import RunFolder, Unwritten
from reslab.training.finish import finish
from reslab.training.loop import fit
from reslab.training.presets import spec_of, work_of
from reslab.training.state import initial_state
from tests.conftest import short_recipe


def test_a_training_leaves_nothing(digits, tmp_path):
    recipe, train = short_recipe(digits, 3), digits.splits["train"]
    RunFolder(tmp_path).write("result.json", {"of": "another process"})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    folder, preprocessing = Unwritten(tmp_path), measure(train, "pixel")
    assert folder.recipe() is None and folder.read("result.json") is None
    execution, _ = choose(Request(threads=1), this_machine(), work_of(recipe))
    engine = make_engine(spec_of(recipe), preprocessing, execution)
    state = initial_state(recipe, engine, spec_of(recipe), None)
    seen = fit(recipe, state, engine, train, digits.splits["val"], folder)
    finish(recipe, state, engine, preprocessing, digits, folder, execution, True, seen)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
