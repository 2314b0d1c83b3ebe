"""The drawing: geometry, gestures, what is shown of nodes and wires."""
