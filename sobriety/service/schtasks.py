"""The command that makes a task at start-up, for Windows. Never run by us; printed, not done.

Source: https://learn.microsoft.com/windows-server/administration/windows-commands/schtasks-create
"""

from __future__ import annotations

from collections.abc import Sequence

TASK = "sobriety"


def create_command(program: Sequence[str]) -> str:
    """For an elevated prompt. Local Service has no password and few rights."""
    words = " ".join(f'\\"{word}\\"' if " " in word else word for word in program)
    return (
        f'schtasks /Create /TN {TASK} /SC ONSTART /RU "NT AUTHORITY\\LOCAL SERVICE"'
        f' /TR "{words} collect --daemon"'
    )


def delete_command() -> str:
    """Takes the task away and leaves the data."""
    return f"schtasks /Delete /TN {TASK} /F"
