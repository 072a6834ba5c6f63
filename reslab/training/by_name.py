"""Numbers for parameters by name, as a recipe writes them: "*.bias=2, head.*=0.1"."""

from fnmatch import fnmatchcase

from reslab.errors import UsageError

FREEZING = ("optimizer.rates", "optimizer.decays")  # fields in which 0 makes sense: a rate of 0 leaves weights alone


def named_values(field: str, text: str) -> list[tuple[str, float]]:
    """(pattern, value) in the order of `text`, the content of the recipe's field `field`.

    Raises UsageError for anything but names with positive numbers, or 0 in those of FREEZING.
    """
    found = []
    for item in filter(None, (item.strip() for item in text.split(","))):
        pattern, _, value = (part.strip() for part in item.partition("="))
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        least = "0 or more" if field in FREEZING else "above 0"
        if not pattern or not 0 <= number < float("inf") or (number == 0 and field not in FREEZING):
            raise UsageError(f"{field} '{item}': write name=number, the number {least}, as *.bias=2, head.*=0.1")
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
