"""What the exporters raise."""


class ExportError(ValueError):
    """A model, or a part of it, that has no exact form in an inlay file.

    The message names the place, what was found there, what is supported and what to do about it.
    """
