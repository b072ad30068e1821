"""The exporter of Keras models."""
