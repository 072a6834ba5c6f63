"""What tells one recorded machine from another."""

import pytest

from reslab.engine import alike, this_machine
from reslab.processor import digest

HERE = this_machine().to_dict()
OLD = {name: value for name, value in HERE.items() if name != "fingerprint"}


def test_the_processors_fingerprint_is_recorded():
    assert HERE["fingerprint"] == digest()


@pytest.mark.parametrize("fact", ["processor", "features", "gpu", "fingerprint"])
def test_another_processor_or_gpu_is_another_machine(fact):
    assert alike(HERE, HERE) and not alike(HERE, {**HERE, fact: "another"})


def test_records_without_a_fingerprint_are_compared_in_what_they_have():
    assert alike(OLD, HERE) and alike(HERE, OLD) and not alike(OLD, {**HERE, "features": ["another"]})
