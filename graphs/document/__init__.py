"""Documents: frozen values, edits, files, parameter expressions, problems. No torch."""
