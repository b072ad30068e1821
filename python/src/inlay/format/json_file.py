"""JSON files of any kind, read strictly."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NoReturn

from ..errors import ExportError


def read_json(path: str | os.PathLike[str]) -> Any:
    """The file's value. Raises ExportError if it is not JSON, OSError if it cannot be read."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except ExportError:
        raise
    except UnicodeDecodeError as error:
        raise ExportError("not a JSON file: not UTF-8") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ExportError(f"not a JSON file: {error.msg} at {where}") from error
    except RecursionError as error:
        raise ExportError("not a JSON file: nested too deeply") from error
    except ValueError as error:
        # Python refuses integers of thousands of digits.
        raise ExportError(f"not a JSON file: {error}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ExportError(f"not a JSON file: {name} is not a number in JSON")
