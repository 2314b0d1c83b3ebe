"""Graph neural networks: layers on nodes and edges, message passing, readouts."""
