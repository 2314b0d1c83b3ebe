"""Data: synthetic benchmarks of memory and of few-shot regression, the same for the same seed."""

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Data, Example
from graphs.nodetypes.tensor_kinds import SYMBOLS, Meta
from graphs.runtime.data_synthetic.benchmark_tasks import adding_problem, sinusoid_tasks

N = SYMBOLS["N"]


class AddingProblem(Data):
    """Adding problem, a benchmark of long-term memory: in a sequence of numbers two are marked, and
    their sum is wanted.

    `sequence`, (N, T, 2), holds a number of 0 to 1 and its mark, 0 or 1, at each step; one mark is
    in the first half, one in the second. `target`, (N, 1), is the sum. Always predicting 1 has a
    mean squared error of 0.167 (Hochreiter and Schmidhuber 1997).
    """

    keywords = (
        "memory benchmark",
        "long-term dependencies",
        "toy sequence",
        "rnn benchmark",
        "synthetic data",
        "dataset",
    )

    samples: PositiveInt = 16_000
    """How many sequences there are to train on."""
    held_out: PositiveInt = 2_000
    """How many there are for validation, and as many again for the test after training."""
    length: Annotated[int, Field(ge=2, le=10_000)] = 40
    """How many steps a sequence has: the more, the longer a network must remember."""
    draw_seed: NonNegativeInt = 0
    """Fixes the numbers, whatever the run's own seed."""

    outputs = ("sequence", "target")
    examples = (
        Example({}, [], [(N, 40, 2), (N, 1)]),
        Example({"samples": 3, "held_out": 2, "length": 5}, [], [(N, 5, 2), (N, 1)]),
        Example({"length": 1}, [], problem="length"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"sequence": Meta((N, self.length, 2)), "target": Meta((N, 1))}

    def build(self) -> Call:
        return call(
            adding_problem,
            samples=self.samples,
            held_out=self.held_out,
            length=self.length,
            seed=self.draw_seed,
        )


class SinusoidTasks(Data):
    """Tasks of few-shot regression: each is a sine wave, of which a few points are known.

    `support`, (N, K, 1), are places on a wave and `answer` its height there; `query`, (N, Q, 1),
    are other places of the same wave and `target` its height there. Places lie between -5 and 5;
    waves are 0.1 to 5 high, with a phase of 0 to pi (Finn et al. 2017, arXiv 1703.03400).
    """

    keywords = (
        "sine waves",
        "regression tasks",
        "meta-learning",
        "few-shot regression",
        "synthetic data",
        "dataset",
        "maml benchmark",
    )

    tasks: PositiveInt = 10_000
    """How many waves there are to train on."""
    held_out: PositiveInt = 600
    """How many there are for validation, and as many again for the test after training."""
    support_points: PositiveInt = 10
    """How many points of each wave are known."""
    query_points: PositiveInt = 10
    """How many points of each wave are asked."""
    draw_seed: NonNegativeInt = 0
    """Fixes the waves, whatever the run's own seed."""

    outputs = ("support", "answer", "query", "target")
    examples = (
        Example({}, [], [(N, 10, 1)] * 4),
        Example(
            {"support_points": 5, "query_points": 50},
            [],
            [(N, 5, 1), (N, 5, 1), (N, 50, 1), (N, 50, 1)],
        ),
        Example({"tasks": 0}, [], problem="tasks"),
    )

    def fields(self) -> dict[str, Meta]:
        known, asked = Meta((N, self.support_points, 1)), Meta((N, self.query_points, 1))
        return {"support": known, "answer": known, "query": asked, "target": asked}

    def build(self) -> Call:
        return call(
            sinusoid_tasks,
            tasks=self.tasks,
            held_out=self.held_out,
            support=self.support_points,
            query=self.query_points,
            seed=self.draw_seed,
        )
