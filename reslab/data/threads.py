"""The same done to many photographs, in threads: Pillow frees the interpreter while it decodes and scales."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from reslab.data.photo import quiet
from reslab.processor import usable_cores
from reslab.progress import Progress, unseen

MOST = 32  # threads: more of them wait for the disk
SLICE = 1024  # photographs in flight, so that waiting ones do not fill the memory

Item = TypeVar("Item")
Found = TypeVar("Found")


def in_threads(
    work: Callable[[Item], Found],
    items: Sequence[Item] | range,
    progress: Progress = unseen,
    threads: int | None = None,
) -> Iterator[Found]:
    """`work(item)` for each, in order; as many at once as there are `threads`, None: as many as cores."""
    with quiet(), ThreadPoolExecutor(min(threads or usable_cores(), MOST)) as pool:
        for start in range(0, len(items), SLICE):
            for done, found in enumerate(pool.map(work, items[start : start + SLICE]), start + 1):
                progress(done, len(items))
                yield found
