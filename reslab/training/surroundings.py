"""What a run needs besides its recipe, and what does not change its result."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from reslab.engine import Request
from reslab.errors import UsageError
from reslab.training.loop import Progress


@dataclass(frozen=True)
class Surroundings:
    """Where and how a run is executed, and who is told of it."""

    request: Request = field(default_factory=Request)
    data_root: Path | None = None
    download: bool = False
    url: str | None = None
    on_bad: str = "error"
    save_every: float = 20.0  # seconds between two checkpoints; 0: after every step
    say: Callable[[str], None] = lambda _: None
    watch: Callable[[Progress], None] = lambda _: None
    reading: Callable[[int, int], None] = lambda _done, _total: None

    def __post_init__(self) -> None:
        """Raises UsageError for seconds that nobody can wait for."""
        if not self.save_every >= 0:  # nor is it a number
            raise UsageError(f"--save-every {self.save_every:g}: seconds between two checkpoints, 0 or more")
