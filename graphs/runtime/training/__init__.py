"""Around a training step: batches, means over a split, gradients, optimizers."""
