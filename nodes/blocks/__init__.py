"""Nodes that hold a block: uses, repeats, scans, generation; and modules of the user's own."""
