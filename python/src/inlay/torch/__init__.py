"""The exporter of PyTorch modules."""
