"""Where a training needs more memory than there is: what to change in its recipe."""

from collections.abc import Iterator
from contextlib import contextmanager

from reslab.errors import RunError, no_memory
from reslab.training.recipe import Recipe

MORE = 4  # times as many parts as it has are offered


@contextmanager
def told_of_memory(recipe: Recipe) -> Iterator[None]:
    """Whatever PyTorch, NumPy or the kernels raise where memory ends becomes a RunError that names the ways out."""
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not (why := no_memory(error)):
            raise
        raise RunError(f"memory ends here ({why}): {_ways_out(recipe)}") from error


def _ways_out(recipe: Recipe) -> str:
    # A part of one image leaves batch normalisation little to go by, or nothing.
    more = min(recipe.accumulate * MORE, recipe.batch // 2)
    now = f"{recipe.batch} images{f' in {recipe.accumulate} parts' if recipe.accumulate > 1 else ''}"
    parts = f"--set accumulate={more} trains on a batch in {more} parts; " if more > recipe.accumulate else ""
    return (
        f"training on batches of {now} at {recipe.data.size} px. {parts}a smaller --batch or --size needs less memory, "
        "too. Each is another run: with --run, give it a new name"
    )
