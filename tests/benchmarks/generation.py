"""How much faster generation is when layers remember, than when each step computes all again.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.generation [--rounds 3] [--steps 64 256]

Both generate in turns from the same prompt; CPU time and the median of the rounds' ratios count.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch
from torch import nn

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import export
from graphs.document.document import Document
from graphs.load_module import load_source
from graphs.runtime.blocks.generation import generate
from tests.nodes.generating import PROMPT, VOCABULARY, recurrent, transformer, wavenet

MODELS = {
    "wavenet": wavenet(64, 8),
    "lstm": recurrent("LSTM", 64),
    "gru": recurrent("GRU", 64),
    "sinusoidal": transformer("sinusoidal", width=64, copies=4),
    "rotary": transformer("rotary", width=64, copies=4),
    "alibi": transformer("alibi", width=64, copies=4),
}


def model_of(document: Document) -> nn.Module:
    """The block that generates, with new weights."""
    torch.manual_seed(0)
    made: nn.Module = load_source(export(document), Path("writer.py")).Program().network.model
    return made


def seconds(model: nn.Module, steps: int, cached: bool) -> float:
    """CPU seconds of generating so many steps."""
    prompt = torch.randint(VOCABULARY, (1, PROMPT), generator=torch.Generator().manual_seed(0))
    started = time.process_time()
    generate(model, prompt, steps=steps, temperature=0.0, cached=cached)
    return time.process_time() - started


def main(rounds: int, lengths: list[int]) -> None:
    """Measure both ways in turns, and print what a step costs and the ratio."""
    torch.set_num_threads(1)
    for name, document in MODELS.items():
        model = model_of(document)
        for steps in lengths:
            seconds(model, 4, cached=True)
            taken = [
                (seconds(model, steps, cached=False), seconds(model, steps, cached=True))
                for _ in range(rounds)
            ]
            naive, cached = (1000 * statistics.median(t) / steps for t in zip(*taken, strict=True))
            ratio = statistics.median(naive / cached for naive, cached in taken)
            print(
                f"{name:10} {steps:5} steps   naive {naive:6.2f} ms a step   "
                f"cached {cached:6.2f} ms a step   {ratio:5.2f} times faster"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, nargs="+", default=[64, 256])
    arguments = parser.parse_args()
    main(arguments.rounds, arguments.steps)
