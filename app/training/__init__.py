"""Training: the worker process, its loop, checkpoints and devices."""
