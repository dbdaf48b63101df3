"""`%load_ext sobriety` in IPython and Jupyter: `%sobriety` for a line, `%%sobriety` for a cell."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from typing import Any, Protocol

from sobriety.tracking.tracker import begin, end

LAST = "_sobriety"
"""The name under which a notebook finds the last section."""


class Shell(Protocol):
    """What we ask of IPython's."""

    user_ns: dict[str, Any]
    compile: Any
    magics_manager: Any

    def transform_cell(self, raw_cell: str) -> str: ...

    def register_magic_function(
        self, func: Callable[..., object], magic_kind: str = "line"
    ) -> None: ...


def load_ipython_extension(shell: Shell) -> None:
    """IPython calls this for `%load_ext sobriety`."""

    def sobriety(line: str, cell: str | None = None) -> object:
        """Say what a line or a cell consumes: `%sobriety fit(x)`; `%%sobriety NAME` and a cell.

        The value of its last expression is the cell's, and the section is in `_sobriety`.
        """
        if cell is None:
            return _run(shell, "line", line)
        return _run(shell, line.strip() or "cell", cell)

    shell.register_magic_function(sobriety, "line_cell")


def unload_ipython_extension(shell: Shell) -> None:
    """As IPython asks for it."""
    for magics in shell.magics_manager.magics.values():
        magics.pop("sobriety", None)


def _run(shell: Shell, label: str, source: str) -> object:
    """Run code as the notebook's own; an error in it is the notebook's, and is paid for, too."""
    code = shell.transform_cell(source)
    name: str = shell.compile.cache(code, raw_code=source)  # so that tracebacks show its lines
    tree = ast.parse(code, name)
    value = None
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        del tree.body[-1]
        value = compile(ast.Expression(last.value), name, "eval")
    body = compile(tree, name, "exec")
    section = begin(label)
    try:
        exec(body, shell.user_ns)
        return eval(value, shell.user_ns) if value else None
    finally:
        end(section)
        shell.user_ns[LAST] = section
        sys.stdout.write(f"{section}\n")
