"""Optimizers: statements that a loss be minimised over weights."""
