"""Layers: dense, convolution, recurrence, attention, graphs, pooling, normalisation."""
