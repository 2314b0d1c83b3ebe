"""What is edited, without a window: document and past, journal, check, selection, training, and
who listens to what. No Dear PyGui.
"""
