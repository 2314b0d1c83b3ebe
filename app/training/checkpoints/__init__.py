"""Checkpoints: weights, optimizers, schedules and random states on disk."""
