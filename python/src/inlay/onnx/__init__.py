"""Exports ONNX graphs of streaming networks."""
