"""What a cell of a notebook costs: `%load_ext sobriety`, then `%%sobriety` or `%sobriety f(x)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tracking import Section


def load_ipython_extension(shell: Any) -> None:
    """IPython asks for it by this name."""

    def sobriety(line: str, cell: str | None = None) -> None:
        """Run it, and say what it cost. A word behind %%sobriety names the cell."""
        from .tracking import track

        with track((line.strip() if cell is not None else "") or "cell") as section:
            done = shell.run_cell(line if cell is None else cell)
        if done.success:
            print(said(section))  # noqa: T201  # where a cell's output goes

    shell.register_magic_function(sobriety, "line_cell", "sobriety")


def unload_ipython_extension(shell: Any) -> None:
    """As IPython asks for it."""
    shell.magics_manager.magics["line"].pop("sobriety", None)
    shell.magics_manager.magics["cell"].pop("sobriety", None)


def said(section: Section) -> str:
    """`load: 1.2 J (0.5 to 1.6), 0.13 s, processor 0.12 s`."""
    from .shown import duration, energy, mass

    carbon = f", {mass(section.co2e)} of use" if section.co2e else ""
    times = f"{duration(section.wall_s)}, processor {duration(section.cpu_s)}"
    return f"{section.label}: {energy(section.result)}{carbon}, {times}"
