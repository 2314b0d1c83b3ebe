"""Examples trained as their exported files, judged, and held to their bars."""
