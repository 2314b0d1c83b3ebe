"""Optimizers that torch does not have in this form."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class MuonAdamW(torch.optim.Optimizer):
    """Muon for matrices and AdamW for all other weights, with one learning rate: Muon's steps are
    scaled to the size of AdamW's (Liu et al. 2025, arXiv 2502.16982).
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 0.001,
        momentum: float = 0.95,
        nesterov: bool = True,
        weight_decay: float = 0.1,
        betas: tuple[float, float] = (0.9, 0.95),
    ) -> None:
        weights = list(params)
        matrices = [weight for weight in weights if weight.dim() == 2]
        others = [weight for weight in weights if weight.dim() != 2]
        scale: dict[str, Any] = {"lr": lr, "weight_decay": weight_decay}
        self.parts: list[torch.optim.Optimizer] = []
        if matrices:
            turned = {"momentum": momentum, "nesterov": nesterov}
            how: dict[str, Any] = {"adjust_lr_fn": "match_rms_adamw", **turned}
            self.parts.append(torch.optim.Muon(matrices, **scale, **how))
        if others:
            self.parts.append(torch.optim.AdamW(others, **scale, betas=betas))
        super().__init__([part.param_groups[0] for part in self.parts], {})
        self._share()

    def _share(self) -> None:
        """Let both parts work on the groups and the state of the whole."""
        for part, group in zip(self.parts, self.param_groups, strict=True):
            part.param_groups = [group]
            part.state = self.state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where another one stood."""
        super().load_state_dict(state_dict)
        self._share()

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the weights."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for part in self.parts:
            part.step()
        return loss
