"""Which of several processes this is, where torchrun started them for one training."""

import os
from dataclasses import dataclass

STARTED_BY_TORCHRUN = "TORCHELASTIC_RUN_ID"  # WORLD_SIZE alone is set by schedulers of clusters, too


@dataclass(frozen=True)
class Team:
    """The processes of one training, and which of them this is, in the words of torchrun."""

    rank: int  # 0 leads: it alone writes and speaks
    size: int  # processes on all machines
    local_rank: int  # which it is on its machine
    local_size: int  # processes on its machine

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def part(self, images: int) -> slice:
        """Which of so many images are this process's; no two processes' parts differ by more than one image."""
        return slice(images * self.rank // self.size, images * (self.rank + 1) // self.size)


def this_team() -> Team | None:
    """The processes that torchrun started, this one among them; None where there is only this one."""
    if STARTED_BY_TORCHRUN not in os.environ:
        return None
    rank, size, local_rank, local_size = (
        int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    )
    return Team(rank, size, local_rank, local_size) if size > 1 else None
