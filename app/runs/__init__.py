"""The run folder, in which editor, monitor, terminal and training meet. No torch, no GUI."""
