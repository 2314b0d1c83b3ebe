"""The exported file around its classes: loading data, the loop, the command line."""
