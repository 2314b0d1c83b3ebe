"""Data nodes: files, hubs, tables, texts, graphs, and samples made up from a seed."""
