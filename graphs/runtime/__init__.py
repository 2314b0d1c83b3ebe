"""Plain PyTorch that is copied into exported files, all of it and nothing else; it imports nothing
of ours but itself.
"""
