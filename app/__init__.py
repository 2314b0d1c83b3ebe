"""The program around the language: command line, runs, training, the two windows."""
