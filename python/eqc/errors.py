"""What can go wrong, as exceptions."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Error", "CompileError", "Diagnostic", "KernelError", "LibraryNotFoundError"]


class Error(Exception):
    """The base of all exceptions of this package. Wrong arguments of Python functions are
    the usual TypeError and ValueError instead."""


class LibraryNotFoundError(Error, ImportError):
    """libeqc is missing or unusable."""


@dataclass(frozen=True)
class Diagnostic:
    """One message of the compiler. Lines and columns count from 1, columns in bytes of the
    source as UTF-8; all four are 0 for a message about no place."""

    severity: str  #: "error", "note" or "help"
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    id: str = ""  #: of an error, such as "E0012"; see docs/Diagnostics.md
    fix: str | None = None  #: of a help: what to put in the place of its range
    related: tuple[Diagnostic, ...] = ()  #: notes and helps of an error

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else ""
        return f"{place}{self.severity}: {self.message}" + (f" [{self.id}]" if self.id else "")


class CompileError(Error):
    """A source that the compiler refused. Printed, it reads as on the command line, with the
    line of the source and a caret under the place.

    Attributes:
        diagnostics: one `Diagnostic` per error, in the order of the source.
        status: 1 refused, 2 an option was wrong, 4 a limit was reached, 70 internal.
        file, line, column: of the first error; line and column are 0 if it has no place.
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...], status: int, text: str) -> None:
        super().__init__(diagnostics, status, text)
        self.diagnostics = diagnostics
        self.status = status
        self.text = text
        first = diagnostics[0] if diagnostics else Diagnostic("error", text)
        self.file, self.line, self.column = first.file, first.line, first.column

    def __str__(self) -> str:
        return self.text.rstrip("\n")


class KernelError(Error):
    """A compiled layer returned an error, such as EQC_ERR_NOMEM.

    Attributes:
        status: the negative eqc_status.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return self.message
