"""What can stop a run, and the exit code with which the `seimai` command then ends."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How `seimai run` ends. 2 is also what the command line itself uses for wrong usage."""

    PROMOTED = 0
    UNEXPECTED = 1
    BAD_RECIPE = 2
    DATA_GATE = 10
    NOT_PROMOTED = 11


class SeimaiError(Exception):
    """An error that a user can cause and mend: it is shown as one message, never as a traceback.

    Args:
        left: what the stage that raises it leaves behind, as it would have returned it: references to its findings.
    """

    exit_code = ExitCode.UNEXPECTED
    stage = ""
    """Name of the stage that raised it; "" outside of the line's stages."""

    def __init__(self, *args: object, left: object = None) -> None:
        super().__init__(*args)
        self.left = left


class RecipeError(SeimaiError):
    """The recipe, or a file it names, cannot be used."""

    exit_code = ExitCode.BAD_RECIPE


class DataGateError(SeimaiError):
    """The data is not fit to train on: a critical expectation failed, or nothing is left."""

    exit_code = ExitCode.DATA_GATE


class StorageError(SeimaiError):
    """A file of the workspace is missing, damaged or cannot be written."""


class WorkspaceBusyError(SeimaiError):
    """Another run holds the workspace."""
