"""Measurements of speed as a table and as bars: PyTorch at its best is what everything is compared with."""

import re
from xml.etree import ElementTree

from reslab.reporting import bench_figure, bench_table


def bench(model: str = "resnet20", **changes) -> dict:
    result = {
        "model": model, "batch": 128, "engine": "native", "threads": 2, "precision": "bf16", "rounds": 15,
        "images_per_second": 6100.4, "best_torch_images_per_second": 1550.0, "plain_images_per_second": 770.0,
        "plain_ratio": 7.92, "best_torch_ratio": 3.94, "ratio_min": 3.7, "ratio_max": 4.2,
        "best_torch": "compiled bf16 channels_last", "achieved_gflops": 1200.0, "peak_gflops": 2400.0, **changes,
    }  # fmt: skip
    machine = {"processor": "Some | 9000", "features": ["avx2", "avx512_bf16", "avx512f"]}
    return {"kind": "bench", "name": "x", "result": result, "environment": {"machine": machine}}


def test_the_table_compares_with_pytorch_at_its_best_first():
    header, _, row = bench_table([bench()]).splitlines()
    assert header.index("PyTorch at its best") < header.index("reslab, img/s") < header.index("PyTorch as it comes")
    for words in ("1,550", "6,100", "770", "3.94 (3.70 to 4.20, 15)", "7.92", "1,200 (50 %)", "compiled bf16"):
        assert words in row
    assert "Some \\| 9000 (AVX-512 BF16)" in row
    assert bench_table([]) == ""


def test_what_was_not_tried_is_said():
    compiled, eager = {"settings": {"compiled": True}}, {"settings": {"compiled": False}, "ratio_to_best_before": None}
    for ratio, said in ((None, True), (0.9, False)):
        row = bench_table([bench(tried=[eager, {**compiled, "ratio_to_best_before": ratio}])])
        assert ("(not compiled)" in row) is said


def test_bars_are_as_long_as_the_speeds():
    picture = bench_figure([bench(), bench("resnet110", best_torch_ratio=0.9, ratio_min=0.8, ratio_max=1.0)])
    text = picture.decode()
    ElementTree.fromstring(text)
    assert picture == bench_figure([bench(), bench("resnet110", best_torch_ratio=0.9, ratio_min=0.8, ratio_max=1.0)])
    words = re.findall(r">([^<>\n]+)</text>", text)
    assert "resnet20, 2 threads, AVX-512 BF16" in words and "6,100 img/s: 3.94 (3.70 to 4.20)" in words
    assert words.index("PyTorch at its best") < words.index("reslab, engine native")
    best, ours, plain, _, slower, _ = bar_widths(text)
    assert abs(ours / best - 3.94) < 0.01 and abs(plain / best - 770 / 1550) < 0.01 and abs(slower / best - 0.9) < 0.01


def test_generations_of_one_name_have_headings_of_their_own():
    later = bench()
    later["environment"]["machine"]["features"].append("avx_vnni")
    headings = re.findall(r">(resnet20, 2 threads[^<>\n]+)</text>", bench_figure([bench(), later]).decode())
    assert headings == ["resnet20, 2 threads, AVX-512 BF16", "resnet20, 2 threads, AVX-512 BF16, AVX-VNNI"]


def bar_widths(svg: str) -> list[float]:
    """Of the coloured rectangles, in their order."""
    widths = []
    for path, style in re.findall(r'<path d="(M[^"]+)"[^>]*style="([^"]+)"', svg):
        if re.search(r"fill: #(8c959f|2f7ed8|c9d1d9)", style):
            xs = [float(x) for x in re.findall(r"[ML] ([\d.]+) [\d.]+", path)]
            widths.append(max(xs) - min(xs))
    return widths
