"""Files and processes: what a careful program does with them. Nothing about graphs."""
