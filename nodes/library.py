"""Every node type: importing this module registers the families, one file each."""

import importlib
import pkgutil

import nodes

for _family in pkgutil.iter_modules(nodes.__path__, "nodes."):
    if not _family.ispkg and _family.name != __name__:
        importlib.import_module(_family.name)
