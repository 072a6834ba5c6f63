"""How much of the time that a measurement may take is left."""

import time


class Clock:
    """Runs from its making."""

    def __init__(self, seconds: float) -> None:
        self.total = seconds
        self._begin = time.monotonic()

    @property
    def spent(self) -> float:
        return time.monotonic() - self._begin

    @property
    def left(self) -> float:
        return self.total - self.spent
