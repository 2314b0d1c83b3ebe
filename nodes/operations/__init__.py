"""Operations between wires: arithmetic, shapes, slices, gates, gradients, state."""
