"""Losses: what optimizers minimise."""
