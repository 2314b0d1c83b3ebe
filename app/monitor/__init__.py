"""The monitor: a window in which runs are watched and compared. Qt lives here alone."""
