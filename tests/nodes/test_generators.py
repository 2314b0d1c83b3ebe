"""Data that is made up."""

import torch

from nodes.modules.generated import adding_problem, sinusoid_tasks


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
