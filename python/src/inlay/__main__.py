"""python3 -m inlay: the command `inlay`."""

import sys

from .cli import main

sys.exit(main())
