"""How fast training is: our engine, plain PyTorch and PyTorch at its best, timed in alternating processes."""

from reslab.bench.settings import PLAIN, Settings
from reslab.bench.train import LONGEST_MINUTES, bench_name, bench_train, surroundings

__all__ = ["LONGEST_MINUTES", "PLAIN", "Settings", "bench_name", "bench_train", "surroundings"]
