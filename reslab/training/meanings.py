"""What each field of a recipe is: the comment beside it, or above it, where the field is defined.

So the words are written once, where who changes the field reads them.
"""

import ast
import inspect
import io
import tokenize
from functools import cache

from reslab.training import recipe
from reslab.training.recipe import field_names, part_of


@cache
def meanings() -> dict[str, str]:
    """Of every field by its dotted name, in the recipe's order; all empty where no sources are installed."""
    try:
        told = _told(inspect.getsource(recipe))
    except OSError:
        told = {}
    return {name: told.get((part_of(name).__name__, name.rpartition(".")[2]), "") for name in field_names()}


def _told(source: str) -> dict[tuple[str, str], str]:
    """By class and field."""
    comments, alone = _comments(source)
    found = {}
    for part in [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]:
        for node in part.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                first, last = node.lineno, node.end_lineno or node.lineno
                while first - 1 in alone:
                    first -= 1
                lines = [comments[line] for line in range(first, last + 1) if line in comments]
                found[part.name, node.target.id] = " ".join(lines)
    return found


def _comments(source: str) -> tuple[dict[int, str], set[int]]:
    """Comments by their lines, and which lines are nothing else."""
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT]
    comments = {token.start[0]: token.string.lstrip("# ") for token in tokens}
    return comments, {token.start[0] for token in tokens if not token.line[: token.start[1]].strip()}
