"""What a checked graph compiles to: its parts, optimizer statements, stages, log names."""
