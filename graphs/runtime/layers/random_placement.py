"""Images at random places of larger ones."""

import torch
from torch import Tensor, nn


class RandomPlace(nn.Module):
    """Lays each image on a larger canvas of zeros, at a random place: (N, C, H, W).

    In evaluation mode the places are as random, and the same each time.
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height = height
        self.width = width

    def forward(self, image: Tensor) -> Tensor:
        """The images, on canvases of this height and width."""
        count, channels, height, width = image.shape
        draw = None if self.training else torch.Generator().manual_seed(0)
        top = torch.randint(self.height - height + 1, (count, 1, 1), generator=draw)
        left = torch.randint(self.width - width + 1, (count, 1, 1), generator=draw)
        rows = (top + torch.arange(height)[:, None]).to(image.device)
        columns = (left + torch.arange(width)).to(image.device)
        sample = torch.arange(count, device=image.device)[:, None, None]
        canvas = image.new_zeros(count, channels, self.height, self.width)
        canvas[sample, :, rows, columns] = image.movedim(1, 3)
        return canvas
