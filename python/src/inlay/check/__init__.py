"""The check of a model file: its signal, and the evaluation in NumPy that reproduces it."""
