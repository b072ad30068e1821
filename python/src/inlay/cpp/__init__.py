"""C++ headers from model files: the type of a network, and its weights."""
