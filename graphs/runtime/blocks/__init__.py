"""Modules that hold other modules: rows of copies, scans, generation, frozen uses."""
