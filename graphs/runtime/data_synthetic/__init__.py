"""Data sets that are made up from a seed, and episodes and graph batches made of others."""
