"""The node library: one folder a part of the field, one file a family, one class a node type."""
