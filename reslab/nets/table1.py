"""A network in the words of Table 1."""

from reslab.nets.spec import Spec


def layers_text(spec: Spec, row: int) -> str:
    """What a row says of its layers: "[3x3, 64; 3x3, 64] x 2, /2". Row 0 is the stem, the last one the head."""
    if row == 0:
        return f"7x7, {spec.stem_width}, /2; 3x3 max pool, /2" if spec.stem == "imagenet" else f"3x3, {spec.stem_width}"
    if row > len(spec.widths):
        return f"average pool, {spec.classes}-d fc"
    width, half = spec.widths[row - 1], ", /2" if row > 1 else ""
    inside = f"3x3, {width}; 3x3, {width}"
    if spec.block == "bottleneck":
        inside = f"1x1, {width}; 3x3, {width}; 1x1, {width * spec.expansion}"
    return f"[{inside}] x {spec.depths[row - 1]}{half}"
