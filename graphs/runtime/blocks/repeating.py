"""Stacks of modules."""

from collections.abc import Iterable

from torch import Tensor, nn


class Chain(nn.ModuleList):
    """A stack of modules with skip outputs: the first input runs through them, others reach each
    one.

    Of several outputs the first goes on to the next module; each of the others is summed over all
    of them, as the skip connections of a WaveNet are (van den Oord et al. 2016, arXiv 1609.03499).
    """

    def __init__(self, blocks: Iterable[nn.Module]) -> None:
        super().__init__(blocks)

    def forward(self, x: Tensor, *others: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The output of the last module, and the sums of the other outputs."""
        sums: list[Tensor] = []
        for block in self:
            result = block(x, *others)
            x, *rest = result if isinstance(result, tuple) else (result,)
            sums = [total + part for total, part in zip(sums, rest, strict=True)] if sums else rest
        return (x, *sums) if sums else x


class Again(nn.Module):
    """Weight sharing in depth: applies one module several times in a row."""

    def __init__(self, block: nn.Module, times: int) -> None:
        super().__init__()
        self.block = block
        self.times = times

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        """The output of the last time: the shape of x."""
        for _ in range(self.times):
            x = self.block(x, *others)
        return x
