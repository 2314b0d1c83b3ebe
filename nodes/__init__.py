"""The node library: one file per family, one class per node type."""
