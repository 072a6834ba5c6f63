"""Which version of this code made a result."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def commit() -> str | None:
    """The git commit of this checkout, with "+" where files differ from it; None in an installed package."""
    if not (ROOT / ".git").exists():
        return None
    try:
        head = _git("rev-parse", "--short=10", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()
