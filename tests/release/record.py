"""Record the figures of the reports on the fixed lake again: `python -m tests.release.record`.

This is right only after a change that is meant to change figures: a corrected formula, a new fit, a
factor or a device category that was added or corrected, a new figure in the report. The commit that
carries the new record, and CHANGELOG.md, then say which figures changed and why; the lines of
`figures.json` that differ are the evidence, and each of them is read before it is committed. It is
never right for a change that only moves, renames or tidies code, or makes it faster: what this
check finds then is a fault.

Prints how many figures differ from the record before, and names them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .figures import RECORDED, compare, compute, prepare, read_recorded, write_recorded


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        computed = compute(Path(folder))
    before = read_recorded() if RECORDED.exists() else {}
    changed = compare(before, computed)
    write_recorded(computed)
    print("\n".join(changed))
    print(f"{len(changed)} of {sum(map(len, computed.values()))} figures changed", file=sys.stderr)


if __name__ == "__main__":
    main()
