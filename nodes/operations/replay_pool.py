"""Gradients and state: what is remembered from one batch to the next."""

from pydantic import PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Numbers
from graphs.runtime.layers import replay_pool


class ReplayPool(NodeType):
    """Replay pool (image buffer): keeps samples of earlier batches and gives some of them back in
    the place of new ones.

    Put it between a generator and its discriminator, which then does not forget earlier fakes
    (Shrivastava et al. 2017, arXiv 1612.07828; CycleGAN keeps 50 images). No gradient passes
    through.
    """

    keywords = (
        "image pool",
        "image buffer",
        "replay buffer",
        "experience replay",
        "history buffer",
        "memory bank",
        "cyclegan",
    )

    size: PositiveInt = 50
    """How many samples it keeps."""

    stops_gradient = True
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"size": 1}, [(2, 16)], [(2, 16)]),
        Example({"size": 0}, [(2, 16)], problem="size"),
        Example({}, [()], problem="needs a batch of values, got ()"),
    )

    def build(self, x: Numbers) -> Call:
        if not x.shape:
            raise Misfit(f"needs a batch of values, got {x.meta.text}")
        return call(replay_pool.ReplayPool, x.shape[1:], size=self.size)
