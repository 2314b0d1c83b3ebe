"""Descriptions as statements and text: names, imports, merged uses, copied source."""
