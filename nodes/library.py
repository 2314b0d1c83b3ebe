"""Every node type: importing this module registers the families, one file each."""

import importlib
import pkgutil

import nodes

for _module in pkgutil.walk_packages(nodes.__path__, "nodes."):
    if not _module.ispkg and _module.name != __name__:
        importlib.import_module(_module.name)
