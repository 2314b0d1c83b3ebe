"""What torch lacks: plain PyTorch whose source is copied into exported files. It imports nothing of
ours.
"""
