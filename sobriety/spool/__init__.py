"""The spool: usage rows of this machine, in SQLite.

One writer, many readers. Rows are numbered in the order of writing and a number is never used
again, so that whoever forwards them needs to remember one number only.
"""

from __future__ import annotations

from .facts import Facts, facts_of
from .reader import SpoolReader
from .retention import Keep
from .writer import Spool

__all__ = ["Facts", "Keep", "Spool", "SpoolReader", "facts_of"]
