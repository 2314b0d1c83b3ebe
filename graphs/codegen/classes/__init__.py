"""The classes of an exported file: blocks, the network, the program."""
