"""Work on images that torch has no function for."""

from torch import Tensor


def center_crop(image: Tensor, like: Tensor) -> Tensor:
    """The middle of an image, as high and wide as another is."""
    height, width = like.shape[2:]
    top, left = (image.shape[2] - height) // 2, (image.shape[3] - width) // 2
    return image[:, :, top : top + height, left : left + width]
