"""Every error that a user can cause or a machine can raise.

    SobrietyError                 shown as one line and a hint; exit 1
    ├── ConfigError(ValueError)   you wrote something we cannot honour; exit 2
    ├── Unavailable               this machine cannot offer it: told once, the rest goes on
    │   ├── NotSupported          the hardware or the kernel does not have it
    │   └── NotPermitted          it is there and we may not read it (hint: the exact command)
    ├── ReadError                 it worked and stopped answering: a gap, tried again
    ├── FactorNotFound(LookupError)  no published factor; never guessed
    └── MissingExtra              an optional part is not installed (hint: the pip command)

A message says what is wrong, with the value in it, in lower case. A hint is one imperative line.
Only these are caught on the way to the terminal: anything else is a bug and keeps its traceback.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers know the name; importing typing for it takes 3 ms
if TYPE_CHECKING:
    from .text import Text, Tongue


class SobrietyError(Exception):
    """Something that we can explain in one line, with at most one hint.

    Either may be in both languages: `message` and `hint` are then the English ones.
    """

    exit_code = 1

    def __init__(self, message: str | Text, *, hint: str | Text | None = None) -> None:
        self._message, self._hint = message, hint
        self.message = message if isinstance(message, str) else message.en
        self.hint = hint if hint is None or isinstance(hint, str) else hint.en
        super().__init__(self.message)

    def message_in(self, tongue: Tongue) -> str:
        return self._message if isinstance(self._message, str) else self._message.of(tongue)

    def hint_in(self, tongue: Tongue) -> str | None:
        hint = self._hint
        return hint if hint is None or isinstance(hint, str) else hint.of(tongue)


class ConfigError(SobrietyError, ValueError):
    """A value of the user's that cannot be honoured: names the file, the row or line, the value."""

    exit_code = 2


class Unavailable(SobrietyError):
    """This machine cannot offer it. Told once; everything else goes on."""


class NotSupported(Unavailable):
    """The hardware, the kernel or the platform does not have it."""


class NotPermitted(Unavailable):
    """It is there, and this user may not read it. The hint is the command that opens it."""


class ReadError(SobrietyError):
    """It worked when it was opened and does not answer now. A gap, and tried again."""


class FactorNotFound(SobrietyError, LookupError):
    """No published factor for what was asked. Never replaced by another one."""


class MissingExtra(SobrietyError):
    """A command needs a package that the base install does not bring."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"this needs {package}, which is not installed",
            hint=f"pip install 'sobriety[{extra}]'",
        )
