"""Layers: dense, convolution, recurrence, attention, pooling, normalisation."""
