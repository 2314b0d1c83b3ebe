"""The language of training programs: documents, node types, checking, and their compiler."""
