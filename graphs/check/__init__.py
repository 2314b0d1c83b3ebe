"""One graph and what arrives: topology, shape inference, block uses, switches, quick fixes."""
