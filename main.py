"""Patchbay: draw training programs of neural networks, train them, take them away as PyTorch."""

import sys
from pathlib import Path

if __name__ == "__main__":
    root = str(Path(__file__).resolve().parent)
    if root not in sys.path:  # `python -P` leaves it out
        sys.path.insert(0, root)

    from app.cli import main

    sys.exit(main(sys.argv[1:]))
