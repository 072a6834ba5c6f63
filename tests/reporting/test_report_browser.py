"""The page in a real browser, as wide as a phone, in the light and in the dark; skipped where there is no Chromium."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reslab.reporting import report_html
from tests.reporting.invented_runs import MakeRun, answers, metric_lines, recipe_values, result_values

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
PHONE = 375
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=2000",
    "--dump-dom",
]

# Chromium's own window is never narrower than 500 px, so the page stands in a frame of a phone's width.
FRAME = """<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<iframe style="width:{width}px;height:800px;border:0;color-scheme:light dark" srcdoc="{page}"></iframe><pre></pre>
<script>addEventListener("load", () => {{
  const inside = document.querySelector("iframe").contentDocument;
  inside.querySelectorAll("details").forEach(d => d.open = true);
  const figure = [...inside.querySelectorAll("figure svg")].find(svg => svg.clientWidth);
  document.querySelector("pre").textContent = JSON.stringify({{
    width: inside.documentElement.scrollWidth,
    text: inside.body.innerText,
    ground: inside.defaultView.getComputedStyle(inside.body).backgroundColor,
    figure: [figure.clientWidth, figure.clientHeight],
    pictures: [...inside.images].map(image => image.naturalWidth),
  }});
}});</script>"""


def look(page: str, folder: Path, dark: bool) -> dict[str, Any]:
    """What the browser made of the page."""
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=PHONE, page=html.escape(page)), encoding="utf-8")
    profile = folder / f"profile-{dark}"
    assert CHROMIUM is not None
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    command = [CHROMIUM, *FLAGS, scheme, f"--user-data-dir={profile}", "--window-size=800,900", frame.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    found = re.search(r"<pre>(.+?)</pre>", done.stdout.decode("utf-8"), re.DOTALL)
    assert found, done.stderr.decode(errors="replace")
    return json.loads(html.unescape(found[1]))


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH: the page is not looked at in a browser")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_on_a_phone(make_run: MakeRun, tmp_path: Path, dark: bool) -> None:
    names = ("中文类别", "العربية", "<b>&", "a very long class name, longer than most", "W" * 60, *"0123456789")
    recipe = recipe_values("resnet18", data="/photos/" + "long" * 30)
    runs = [
        make_run("照片" * 12, recipe, metric_lines(), result_values(recipe), {"test": answers(15, 90, 20)}, names),
        make_run("x" * 90, recipe_values("resnet18", 1, "/photos/" + "long" * 30), metric_lines(until=100), None),
    ]
    for page in (report_html(runs[:1]), report_html(runs)):
        seen = look(page, tmp_path, dark)
        assert seen["width"] <= PHONE
        assert "中文类别" in seen["text"] and "العربية" in seen["text"] and "<b>&" in seen["text"]
        brightness = sum(map(int, re.findall(r"\d+", seen["ground"])[:3])) / 3
        assert brightness < 60 if dark else brightness > 230
        assert seen["figure"][0] > 250 and seen["figure"][1] > 150
        assert seen["pictures"] and all(seen["pictures"])
