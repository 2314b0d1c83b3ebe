"""What is edited, without a window: document, past, check, journal, library. No Dear PyGui."""
