"""What the commands do. Each returns the process's exit code, and says what is wrong on stderr."""
