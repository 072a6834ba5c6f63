"""Where a training needs more memory than there is: what to change in its recipe."""

from collections.abc import Iterator
from contextlib import contextmanager

from reslab.errors import RunError, no_memory
from reslab.training.recipe import Recipe

MORE = 4  # times as many parts as it has are offered


@contextmanager
def told_of_memory(recipe: Recipe, processes: int = 1) -> Iterator[None]:
    """Whatever PyTorch, NumPy or the kernels raise where memory ends becomes a RunError that names the ways out.

    `processes` share each batch.
    """
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not (why := no_memory(error)):
            raise
        raise RunError(f"memory ends here ({why}): {_ways_out(recipe, processes)}") from error


def _ways_out(recipe: Recipe, processes: int) -> str:
    # Each process has its own part of a batch in so many parts, of two images at least: one leaves batch normalisation
    # little to go by, or nothing, and cannot be mixed with another.
    more = min(recipe.accumulate * MORE, recipe.batch // (2 * processes))
    shared = [f"{processes} processes"] if processes > 1 else []
    parts = [f"{recipe.accumulate} parts{' each' if shared else ''}"] if recipe.accumulate > 1 else []
    now = " with ".join(shared + parts)
    whole = "a process's share of a batch" if shared else "a batch"
    offer = f"--set accumulate={more} trains on {whole} in {more} parts; " if more > recipe.accumulate else ""
    return (
        f"training on batches of {recipe.batch} images{f' in {now}' if now else ''} at {recipe.data.size} px. {offer}"
        "a smaller --batch or --size needs less memory, too. Each is another run: with --run, give it a new name"
    )
