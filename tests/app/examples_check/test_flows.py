"""A student that makes a sound in one pass: its density is exact, and nothing feels its future."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import nodes.library  # noqa: F401  registers the node types
from app.commands.documents import FOLDER
from app.examples_check.one_pass import made_by_student, made_by_teacher
from graphs.compiler import export
from graphs.document.document_io import SUFFIX, read
from graphs.load_module import load_source

LENGTH = 60
NAME = f"parallel_wavenet{SUFFIX}"


@pytest.fixture(scope="module")
def program() -> nn.Module:
    """The exported file's program before any training."""
    module: Any = load_source(export(read(FOLDER / NAME), FOLDER), Path("parallel_wavenet.py"))
    torch.manual_seed(0)
    made: nn.Module = module.Program().eval()
    return made


def one_pipe() -> Tensor:
    return torch.tensor([[0.0, 1, 0, 0]])[:, :, None]


def test_a_value_is_its_own_noise_and_what_came_before(program: Any) -> None:
    """Mean and scale of a value feel no noise from it on, and the value is made of both."""
    torch.manual_seed(1)
    noise = torch.randn(1, 1, LENGTH)
    made, mean, log_scale = program.student(noise, one_pipe())
    torch.testing.assert_close(made, mean + log_scale.exp() * noise)
    other = noise.clone()
    other[..., 40:] += 1
    _, mean_2, log_scale_2 = program.student(other, one_pipe())
    torch.testing.assert_close(mean[..., :41], mean_2[..., :41])
    torch.testing.assert_close(log_scale[..., :41], log_scale_2[..., :41])
    assert not torch.allclose(mean[..., 41:], mean_2[..., 41:])


def test_the_log_scales_are_the_logarithm_of_how_much_volume_grows(program: Any) -> None:
    noise = torch.randn(1, 1, 24, generator=torch.Generator().manual_seed(2))
    jacobian: Tensor = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
        lambda x: program.student(x, one_pipe())[0], noise
    )
    grown = torch.linalg.slogdet(jacobian.reshape(24, 24)).logabsdet
    torch.testing.assert_close(grown, program.student(noise, one_pipe())[2].sum())


def test_a_teacher_that_remembers_makes_the_same_sound(program: Any) -> None:
    sounds = []
    for cached in (True, False):
        torch.manual_seed(3)
        sounds.append(made_by_teacher(program.teacher, one_pipe(), LENGTH, cached))
    torch.testing.assert_close(sounds[0], sounds[1], atol=1e-5, rtol=0)
    assert sounds[0].shape == made_by_student(program.student, one_pipe(), LENGTH).shape


def test_the_student_learns_through_a_teacher_that_stays(program: Any) -> None:
    """Gradients of the student's loss reach the student alone, also where the teacher answers."""
    batch = {"wave": torch.randn(2, 1, 384), "pipe": torch.tensor([0, 3])}
    loss = program.evaluate(batch)["students_loss"]
    teacher, student = list(program.teacher.parameters()), list(program.student.parameters())
    found = torch.autograd.grad(loss, [*teacher, *student], allow_unused=True)
    assert all(gradient is None for gradient in found[: len(teacher)])
    assert all(g is not None and g.abs().sum() > 0 for g in found[-2:])
