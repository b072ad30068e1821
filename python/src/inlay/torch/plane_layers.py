"""All operations on planes that are layers of inlay. To import this module registers them in planes.HANDLERS."""

from . import plane_arithmetic, plane_convolutions, plane_dense, plane_pointwise, plane_recurrent  # noqa: F401
