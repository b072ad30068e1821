"""The exception of this package."""


class ExportError(ValueError):
    """A model has no exact counterpart in an inlay file, or a file or an argument is wrong.

    The message names the place, what was found, what is supported, and what to do.
    """
