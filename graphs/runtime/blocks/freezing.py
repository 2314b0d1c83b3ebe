"""Frozen modules: constant in one place while they are trained in another."""

from torch import Tensor, nn


def frozen(module: nn.Module, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
    """Apply a module in evaluation mode with its weights detached. Gradients still pass to the
    inputs.
    """
    training = [part for part in module.modules() if part.training]
    learning = [weight for weight in module.parameters() if weight.requires_grad]
    module.eval().requires_grad_(False)
    result: Tensor | tuple[Tensor, ...] = module(*inputs)
    for part in training:
        part.training = True
    for weight in learning:
        weight.requires_grad = True
    return result
