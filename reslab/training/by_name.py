"""Numbers for parameters by name, as a recipe writes them: "*.bias=2, head.*=0.1"."""

from fnmatch import fnmatchcase

from reslab.errors import UsageError


def named_values(field: str, text: str) -> list[tuple[str, float]]:
    """(pattern, value) in the order of `text`, the content of the recipe's field `field`.

    Raises UsageError for anything but names with positive numbers.
    """
    found = []
    for item in filter(None, (item.strip() for item in text.split(","))):
        pattern, _, value = (part.strip() for part in item.partition("="))
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not pattern or not 0 < number < float("inf"):
            raise UsageError(f"{field} '{item}': write name=number, the number above 0, as *.bias=2, head.*=0.1")
        found.append((pattern, number))
    return found


def matching(name: str, values: list[tuple[str, float]]) -> list[float]:
    """The values of all patterns that match a parameter's name (`*` and `?` stand for anything), in order."""
    return [value for pattern, value in values if fnmatchcase(name, pattern)]


def check_names(field: str, text: str, names: tuple[str, ...]) -> None:
    """Raises UsageError for a pattern that matches none of `names`: it would do nothing."""
    for pattern, _ in named_values(field, text):
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(f"{field}: no parameter of the net matches '{pattern}'; it has {', '.join(names[:6])} ...")
