"""Judges of learning to learn."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained
from graphs.runtime.blocks.scan_map_adapt import adapt


@judges("maml_sinusoid")
def maml_sinusoid(example: Trained) -> list[Measure]:
    """The error on waves that it never saw, after one and after ten steps on ten points."""
    values = example.test()
    simple = fine_tuned(example.data)
    is_ = "pre-trained on all waves, then ten steps"
    return [
        Measure("error after 1 step", values["error_after_1"], 0.8, "below"),
        Measure("error after 10 steps", values["error_after_10"], 0.3, "below", simple, is_),
    ]


def fine_tuned(data: dict[str, dict[str, Tensor]]) -> float:
    """The error of a network that learned all waves at once, after ten gradient steps on each."""
    network, test = pretrained(data["train"]), data["test"]
    known = test["support"], test["answer"], test["query"]
    return F.mse_loss(adapt(network, *known, steps=10, lr=0.01), test["target"]).item()


def pretrained(split: dict[str, Tensor], steps: int = 1500) -> nn.Module:
    """The same network as the example's, trained on the points of all waves."""
    x = torch.cat([split["support"], split["query"]], 1).flatten(0, 1)
    y = torch.cat([split["answer"], split["target"]], 1).flatten(0, 1)
    layers = [nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1)]
    network = nn.Sequential(*layers)
    adam = torch.optim.Adam(network.parameters(), 0.002)
    for _ in range(steps):
        chosen = torch.randint(len(x), (512,))
        adam.zero_grad()
        F.mse_loss(network(x[chosen]), y[chosen]).backward()
        adam.step()
    return network
