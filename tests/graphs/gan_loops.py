"""Two hand-written steps for the `gan` example: an expert's, and the usual one. They move the same
weights by the same amounts as the compiled step.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def bce(score: Tensor, answer: float) -> Tensor:
    """How wrong a discriminator's scores are, all of which should be the same answer."""
    if answer in (0.0, 1.0):
        target = torch.ones_like(score) if answer else torch.zeros_like(score)
    else:
        target = torch.full_like(score, answer)
    return F.binary_cross_entropy_with_logits(score, target)


def logged(*losses: Tensor) -> list[Tensor]:
    """What a loop keeps of its losses to show them."""
    return [loss.detach() for loss in losses]


def expert_step(program: Any, batch: dict[str, Tensor]) -> list[Tensor]:
    """Images are drawn once; the discriminator's weights ask for no gradient when the generator
    moves.
    """
    image, discriminator = batch["image"], program.discriminator
    fake = program.generator(torch.randn(len(image), 16, device=image.device))
    real_loss, fake_loss = bce(discriminator(image), 0.9), bce(discriminator(fake.detach()), 0.0)
    judge_loss = real_loss + fake_loss
    program.judge_optimizer.zero_grad()
    judge_loss.backward()
    program.judge_optimizer.step()
    program.judge_scheduler.step()

    discriminator.requires_grad_(False)
    forger_loss = bce(discriminator(fake), 1.0)
    program.forger_optimizer.zero_grad()
    forger_loss.backward()
    program.forger_optimizer.step()
    program.forger_scheduler.step()
    discriminator.requires_grad_(True)
    return logged(judge_loss, forger_loss, real_loss, fake_loss)


def usual_step(program: Any, batch: dict[str, Tensor]) -> list[Tensor]:
    """As tutorials have it: the generator's pass computes gradients of the discriminator too, which
    the next step throws away.
    """
    image, discriminator = batch["image"], program.discriminator
    fake = program.generator(torch.randn(len(image), 16, device=image.device))
    real_loss, fake_loss = bce(discriminator(image), 0.9), bce(discriminator(fake.detach()), 0.0)
    judge_loss = real_loss + fake_loss
    program.judge_optimizer.zero_grad()
    judge_loss.backward()
    program.judge_optimizer.step()
    program.judge_scheduler.step()

    forger_loss = bce(discriminator(fake), 1.0)
    program.forger_optimizer.zero_grad()
    forger_loss.backward()
    program.forger_optimizer.step()
    program.forger_scheduler.step()
    return logged(judge_loss, forger_loss, real_loss, fake_loss)
