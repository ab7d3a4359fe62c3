"""The errors a user can meet. Each message says what is wrong and what to do next.

RoleqaError
|- SettingsError            a setting, flag or roleqa.toml that cannot be used
|  `- MissingExtraError     a part of roleqa that is installed on its own is not there
|- AccessError              someone who may not do that
|- CorpusError              no corpus, an empty one, or (with --strict) an unreadable file
|  |- UnreadableFileError   one file that cannot become a document; a build reports it and goes on
|  `- DocumentExistsError   a document of that name is there already
|- RolesError               roles.toml cannot be read
|- IndexMissingError        there is no index yet
|- IndexMismatchError       the index was made by another schema or encoder
|- IndexDamagedError        a file of the index is missing or not what was written
|- IndexBusyError           another build is writing to the index
|- IndexWriteError          the folder of the index cannot be written to
|  `- DiskFullError         there is no room for another generation
|- StoreError               the server that holds the vectors is away, or refuses
|- BuildCancelledError      someone has stopped a build
|- ModelError               weights that are absent, or not the ones expected
|- CalibrationError         an index's own calibration of the confidence cannot be read or fitted
|- QuestionError            a question that cannot be asked (empty, too long)
|- BusyError                more is being asked than can be answered now, or the server is stopping
|- LabelError               labelled questions that cannot be evaluated
|- ReportError              the report of an evaluation cannot be read
|- FeedbackError            feedback cannot be stored or read
|- BundleError              an exported conversation cannot be read, or its quotes no longer stand
`- DoctorError              something that roleqa needs is missing or broken
"""


from collections.abc import Sequence


class RoleqaError(Exception):
    """Base of everything that roleqa raises for a user to read: one line, and the `details` on lines below it."""

    def __init__(self, summary: str = "", details: Sequence[str] = ()) -> None:
        super().__init__("\n  ".join((summary, *details)))
        self.summary = summary
        self.details = tuple(details)


class SettingsError(RoleqaError):
    """A setting cannot be used."""


class MissingExtraError(SettingsError):
    """A package that only this part of roleqa needs is not installed."""


class AccessError(RoleqaError):
    """Someone may not do what they asked for."""


class CorpusError(RoleqaError):
    """The corpus cannot be built from."""


class UnreadableFileError(CorpusError):
    """One file cannot become a document. `sha256` is that of its bytes, where those could be had."""

    sha256: str | None = None


class DocumentExistsError(CorpusError):
    """A document would take the place of another, `existing`, which nobody has agreed to."""

    def __init__(self, existing: str) -> None:
        super().__init__(f"{existing} is there already: replace it, or give the other a name of its own")
        self.existing = existing


class RolesError(RoleqaError):
    """roles.toml cannot be read."""


class IndexMissingError(RoleqaError):
    """There is no index at the given place."""


class IndexMismatchError(RoleqaError):
    """The index was made by another schema or encoder than the ones in use."""


class IndexDamagedError(RoleqaError):
    """A file of the index is missing or not what was written: `damage` says which and how, `remedy` what to run."""

    def __init__(self, damage: str, remedy: str = "roleqa build --full") -> None:
        super().__init__(f"{damage}; run: {remedy}")
        self.damage = damage


class IndexBusyError(RoleqaError):
    """Another build is writing to the index."""


class IndexWriteError(RoleqaError):
    """The folder of the index cannot be written to."""


class DiskFullError(IndexWriteError):
    """There is no room on the disk for another generation."""


class StoreError(RoleqaError):
    """The server that holds the vectors is away, refuses, or holds something else than was stored."""


class BuildCancelledError(RoleqaError):
    """A build was stopped before it was done; raised by its progress callback."""


class ModelError(RoleqaError):
    """Weights are absent, or not the ones expected."""


class CalibrationError(RoleqaError):
    """The confidence cannot be calibrated, or its calibration not read."""


class QuestionError(RoleqaError):
    """The question cannot be asked."""


class BusyError(RoleqaError):
    """The question can be answered, but not now."""


class LabelError(RoleqaError):
    """Labelled questions cannot be evaluated."""


class ReportError(RoleqaError):
    """The report of an evaluation cannot be read."""


class FeedbackError(RoleqaError):
    """Feedback cannot be stored or read."""


class BundleError(RoleqaError):
    """An exported conversation cannot be read, or its quotes no longer stand."""


class DoctorError(RoleqaError):
    """Something that roleqa needs is missing or broken."""
