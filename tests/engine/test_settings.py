"""What an engine asks of PyTorch is given back."""

from collections.abc import Iterator

import pytest
import torch

from reslab.engine import Execution, same_settings, settled
from reslab.engine.settings import settle


def execution(engine: str = "torch", device: str = "cpu", threads: int = 2) -> Execution:
    return Execution(engine, device, "fp32", channels_last=True, compiled=False, threads=threads)


def settings() -> tuple[int, bool, bool]:
    return torch.get_num_threads(), torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark


@pytest.fixture(autouse=True)
def others() -> Iterator[None]:
    """Settings that no execution here asks for."""
    before = settings()
    torch.set_num_threads(3)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = False, True
    yield
    torch.set_num_threads(before[0])
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = before[1:]


@pytest.mark.parametrize(
    ("asked", "inside"),
    [
        (execution(threads=2), (2, False, True)),
        (execution("native", threads=2), (1, False, True)),
        (execution(device="cuda"), (3, True, False)),
    ],
)
def test_they_are_set_and_given_back(asked, inside):
    with settled(asked):
        assert settings() == inside
    assert settings() == (3, False, True)


def test_they_are_given_back_after_an_error():
    with pytest.raises(KeyError), same_settings():
        settle(execution(device="cuda"))
        settle(execution(threads=1))
        raise KeyError
    assert settings() == (3, False, True)
