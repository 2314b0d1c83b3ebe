"""Synthetic benchmarks: the adding problem and sine waves."""

import math

import torch

from graphs.runtime.data_synthetic.benchmark_tasks import adding_problem, sinusoid_tasks
from graphs.runtime.data_synthetic.blown_pipes import blown_pipes


def test_two_numbers_are_marked_and_added() -> None:
    splits = adding_problem(samples=50, held_out=20, length=9, seed=1)
    sequence, target = splits["train"]["sequence"], splits["train"]["target"]
    numbers, marks = sequence.unbind(2)
    assert marks[:, :4].sum(1).tolist() == [1.0] * 50 == marks[:, 4:].sum(1).tolist()
    torch.testing.assert_close(target[:, 0], (numbers * marks).sum(1))
    again = adding_problem(samples=50, held_out=20, length=9, seed=1)
    assert torch.equal(sequence, again["train"]["sequence"])
    assert len(splits["test"]["target"]) == 20
    assert not torch.equal(splits["validation"]["sequence"], splits["test"]["sequence"])


def test_all_points_of_a_task_are_on_one_wave() -> None:
    """A wave is a sum of a sine and a cosine: of two points follow all others."""
    fields = sinusoid_tasks(tasks=30, held_out=3, support=4, query=6, seed=0)["train"]
    x = torch.cat([fields["support"], fields["query"]], 1).double()
    y = torch.cat([fields["answer"], fields["target"]], 1).double()
    base = torch.cat([x.sin(), x.cos()], 2)
    solution = torch.linalg.lstsq(base, y).solution
    torch.testing.assert_close(base @ solution, y, atol=1e-4, rtol=0)
    height = solution.square().sum(1).sqrt()
    assert height.min() >= 0.1 and height.max() <= 5


def test_a_blown_pipe_is_breath_and_an_echo_of_its_own_period() -> None:
    """Without the echo logistic breath is left, whose nats are the entropy that the help names."""
    splits = blown_pipes(
        samples=40, held_out=2, length=300, periods=(5, 8), breath=0.1, echo=0.9, seed=0
    )
    wave, pipe = splits["train"]["wave"][:, 0], splits["train"]["pipe"]
    assert set(pipe.tolist()) == {0, 1} and splits["test"]["wave"].shape == (2, 1, 300)
    left = {
        (kind, period): _breath(wave[pipe == kind], period) for kind in (0, 1) for period in (5, 8)
    }
    entropy = math.log(0.1) + 2
    assert abs(_nats(left[0, 5]) - entropy) < 0.05 and abs(_nats(left[1, 8]) - entropy) < 0.05
    assert _nats(left[0, 8]) > entropy + 0.5 and _nats(left[1, 5]) > entropy + 0.5


def _breath(wave: torch.Tensor, period: int) -> torch.Tensor:
    before = wave[:, 1:-period] + wave[:, : -period - 1]
    return wave[:, period + 1 :] + 0.45 * before


def _nats(breath: torch.Tensor) -> float:
    """Nats a value under the logistic distribution of scale 0.1."""
    distance = breath / 0.1
    nats = distance + math.log(0.1) + 2 * torch.nn.functional.softplus(-distance)
    return nats.mean().item()
