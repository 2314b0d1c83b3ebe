"""What a node type is: ports, wire kinds, parameters, roles, registry, descriptions of Python."""
