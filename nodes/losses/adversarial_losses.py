"""Losses: adversarial, of GANs."""

import operator
from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import BlockInterface, Example, Loss, Misfit, Port
from graphs.nodetypes.outputs import Outputs
from graphs.nodetypes.tensor_kinds import Numbers
from graphs.runtime.measures.losses import gradient_penalty, hinge_adversarial
from nodes.blocks.blocks import BlockUse
from nodes.losses.classification_losses import filled_like, require_equal

_ROLES = Literal["real", "fake", "generator"]


class HingeAdversarial(Loss):
    """Hinge loss of a GAN: a discriminator's logits should be above 1 for real samples and below -1
    for generated ones, however far.

    Use it as SAGAN and BigGAN do, with spectral norm in the discriminator (Lim and Ye 2017,
    arXiv 1705.02894).
    """

    keywords = (
        "gan",
        "gan loss",
        "hinge loss",
        "adversarial loss",
        "discriminator loss",
        "generator loss",
        "sagan",
        "biggan",
    )

    side: _ROLES = "real"
    """Whose loss: the discriminator's on real samples, on generated ones (fake), or the
    generator's, which wants high scores.
    """

    examples = (
        Example({}, [(2, 1)], [()]),
        Example({"side": "fake"}, [(2, 1, 4, 4)], [()]),
        Example({"side": "generator"}, [(2, 1)], [()]),
        Example({"side": "judge"}, [(2, 1)], problem="side"),
    )

    def build(self, score: Numbers) -> Call:
        return call(hinge_adversarial, score, self.side)


class LeastSquaresAdversarial(Loss):
    """Least-squares loss of a GAN (LSGAN): the squared distance of a discriminator's scores from a
    target. Its gradient does not vanish where the discriminator is sure.

    Use it as LSGAN and CycleGAN do (Mao et al. 2016, arXiv 1611.04076): target 1 for real samples
    and for the generator, 0 for generated ones in the discriminator's loss.
    """

    keywords = (
        "lsgan",
        "least squares gan",
        "gan loss",
        "adversarial loss",
        "cyclegan",
        "discriminator loss",
        "generator loss",
    )

    target: float = 1.0
    """What the scores should be."""

    examples = (
        Example({}, [(2, 1)], [()]),
        Example({"target": 0}, [(2, 1, 4, 4)], [()]),
        Example({"target": "real"}, [(2, 1)], problem="target"),
    )

    def build(self, score: Numbers) -> Call:
        return call(F.mse_loss, score, filled_like(score, self.target))


class WassersteinAdversarial(Loss):
    """Wasserstein loss of a GAN: the mean of a critic's scores, or minus it; their difference
    estimates the distance between real and generated samples.

    Use it with a GradientPenalty on the critic, which must be 1-Lipschitz (Arjovsky et al. 2017,
    arXiv 1701.07875).
    """

    keywords = (
        "wgan",
        "wasserstein",
        "critic loss",
        "gan loss",
        "adversarial loss",
        "earth mover",
        "wgan-gp",
    )

    side: _ROLES = "real"
    """Whose loss: the critic's on real samples, on generated ones (fake), or the generator's."""

    examples = (
        Example({}, [(2, 1)], [()]),
        Example({"side": "fake"}, [(2, 1)], [()]),
        Example({"side": "judge"}, [(2, 1)], problem="side"),
    )

    def build(self, score: Numbers) -> Call:
        mean = call(torch.mean, score)
        return mean if self.side == "fake" else call(operator.mul, -1, mean)


class GradientPenalty(BlockUse):
    """Gradient penalty (WGAN-GP): how far the norm of a critic's gradient is from 1, squared, at
    random places between real and generated samples.

    Use it in the loss of a Wasserstein critic, with a weight of 10 or so (Gulrajani et al. 2017,
    arXiv 1704.00028). Give it the block and the name of the weights of the critic. No gradient of
    it reaches the generator. Batch norm in the critic does not go with it: a gradient must belong
    to one sample.
    """

    keywords = ("wgan-gp", "gradient penalty", "lipschitz", "critic penalty", "r1")
    role = "loss"
    outputs = "loss"

    def ports(self, blocks: Mapping[str, BlockInterface]) -> tuple[Port, ...]:
        return self.inputs()

    def results(self, blocks: Mapping[str, BlockInterface]) -> Outputs:
        return self.outputs

    def build(self, real: Numbers, fake: Numbers, *, block: Any) -> Call:
        require_equal(real, fake)
        if len(block.interface.inputs) != 1 or len(block.interface.outputs) != 1:
            raise Misfit(f"needs a block with one input and one output: {self.block} is not one")
        block.results([real.meta], self.arguments)
        return call(gradient_penalty, call(block, **self.arguments), real, fake)
