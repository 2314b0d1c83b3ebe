"""Data sets from files, bundled ones too: each function returns split -> field -> tensor."""
