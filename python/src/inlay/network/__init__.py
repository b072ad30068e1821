"""Turns a graph of values into a chain of layers and combinators, for every exporter that reads graphs."""
