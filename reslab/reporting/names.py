"""Names of nets and data as people print them: `resnet34` is a word for commands, ResNet-34 one for readers."""

import re

# Longer names first where one is in another.
PRINTED = (
    (r"\bresnet(\d+)", r"ResNet-\1"),
    (r"\bplain(\d+)", r"plain-\1"),
    (r"\bvgg(\d+)", r"VGG-\1"),
    (r"\bvgg \(", "VGG ("),
    (r"\bgooglenet\b", "GoogLeNet"),
    (r"\bprelu-net\b", "PReLU-net"),
    (r"\bbn-inception\b", "BN-inception"),
    (r"\bhighway(\d+)", r"Highway-\1"),
    (r"\bfitnet(\d+)", r"FitNet-\1"),
    (r"\bmaxout\b", "Maxout"),
    (r"\bnin\b", "NIN"),
    (r"\bdsn\b", "DSN"),
    (r"\bcifar10\b", "CIFAR-10"),
    # Of numbers, not of options: a true minus.
    (r"(?<![\w.)–-])-(?=\d)", "−"),
)


def printed(text: str) -> str:
    """A text with names and minus signs as printed; what stands in `backquotes` is a command, and stays."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else _printed(part) for part in parts)


def printed_picture(svg: bytes) -> bytes:
    """A picture of ours, the words in it as printed."""
    words = re.compile(r"(<text[^>]*>)([^<]*)(?=</text>)")
    return words.sub(lambda found: found[1] + _printed(found[2]), svg.decode()).encode()


def _printed(text: str) -> str:
    for pattern, name in PRINTED:
        text = re.sub(pattern, name, text)
    return text
