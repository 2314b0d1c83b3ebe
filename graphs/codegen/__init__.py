"""From programs to Python source: expressions, classes, the script around them."""
