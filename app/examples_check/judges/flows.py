"""Judges of networks that make all values of a sound at once."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from app.examples_check.judging import Measure, judges
from app.examples_check.one_pass import made_by_student, made_by_teacher, seconds
from app.examples_check.trained import Trained
from app.training.build_program import samples_in
from graphs.runtime.layers.distributions import logistic_noise
from graphs.runtime.layers.shapes import shifted
from graphs.runtime.measures.likelihoods import logistic_nats, logistic_sample

FIRST = 32
"""Values before this one have less of a past than the networks look back."""
DRAWS = 8
LENGTH = 1_000


@judges("parallel_wavenet")
def parallel_wavenet(example: Trained) -> list[Measure]:
    """How far the student's sounds are from the teacher's, and how much sooner they are there."""
    torch.manual_seed(example.seed)
    test = example.data["test"]
    fields = next(iter(example.module.batches(test, samples_in(test))))
    wave, pipe = fields["wave"], F.one_hot(fields["pipe"]).float()[:, :, None]
    found, noise = (
        divergence(example, pipe, wave.shape[2]),
        divergence_of_noise(example, wave, pipe),
    )
    possible = math.log(example.document.main.nodes["pipes"].parameters.get("breath", 0.1)) + 2
    return [
        Measure("nats a value from the teacher", found, 0.12, "below", noise, "noise as loud"),
        Measure(
            "nats that the teacher could save", nats(example, wave, pipe) - possible, 0.1, "below"
        ),
        Measure(f"times faster at {LENGTH} values", times_faster(example, pipe[:1]), 20.0),
    ]


@torch.no_grad()
def divergence(example: Trained, pipe: Tensor, length: int) -> float:
    """The cross-entropy under the teacher minus the student's own entropy, nats a value."""
    pipe = pipe.repeat(4, 1, 1)
    noise = logistic_noise(len(pipe), 1, length, device=pipe.device)
    made, mean, log_scale = example.program.student(noise, pipe)
    answer = example.program.teacher(shifted(made, 1, dim=2), pipe)
    drawn = torch.stack([logistic_sample(mean, log_scale) for _ in range(DRAWS)])
    crossed = logistic_nats(answer[0], drawn, answer[1]).mean(0)
    return (crossed - (log_scale + 2))[..., FIRST:].mean().item()


@torch.no_grad()
def divergence_of_noise(example: Trained, wave: Tensor, pipe: Tensor) -> float:
    """The same of logistic noise that is as loud as the waves."""
    scale = (wave.std() * math.sqrt(3) / math.pi).item()
    noise = scale * logistic_noise(*wave.shape, device=wave.device)
    return nats(example, noise, pipe) - (math.log(scale) + 2)


@torch.no_grad()
def nats(example: Trained, wave: Tensor, pipe: Tensor) -> float:
    """How improbable sounds are under the teacher, nats a value."""
    mean, log_scale = example.program.teacher(shifted(wave, 1, dim=2), pipe)
    return logistic_nats(mean, wave, log_scale)[..., FIRST:].mean().item()


def times_faster(example: Trained, pipe: Tensor) -> float:
    """How much sooner the student is ready than the teacher, whose layers remember."""
    program = example.program
    teacher, student = seconds(
        [
            lambda: made_by_teacher(program.teacher, pipe, LENGTH),
            lambda: made_by_student(program.student, pipe, LENGTH),
        ]
    )
    return teacher / student
