"""The errors a user can meet. Each message says what is wrong and what to do next.

RoleqaError
|- SettingsError            a setting, flag or roleqa.toml that cannot be used
|- CorpusError              no corpus, an empty one, or (with --strict) an unreadable file
|  `- UnreadableFileError   one file that cannot become a document; a build reports it and goes on
|- RolesError               roles.toml cannot be read
|- IndexMissingError        there is no index yet
|- IndexMismatchError       the index was made by another schema or encoder
|- IndexDamagedError        a file of the index is missing or not what was written
|- IndexBusyError           another build is writing to the index
|- ModelError               weights that are absent, or not the ones expected
|- CalibrationError         an index's own calibration of the confidence cannot be read or fitted
|- QuestionError            a question that cannot be asked (empty, too long)
`- LabelError               labelled questions that cannot be evaluated
"""


class RoleqaError(Exception):
    """Base of everything that roleqa raises for a user to read."""


class SettingsError(RoleqaError):
    """A setting cannot be used."""


class CorpusError(RoleqaError):
    """The corpus cannot be built from."""


class UnreadableFileError(CorpusError):
    """One file cannot become a document."""


class RolesError(RoleqaError):
    """roles.toml cannot be read."""


class IndexMissingError(RoleqaError):
    """There is no index at the given place."""


class IndexMismatchError(RoleqaError):
    """The index was made by another schema or encoder than the ones in use."""


class IndexDamagedError(RoleqaError):
    """A file of the index is missing or not what was written."""


class IndexBusyError(RoleqaError):
    """Another build is writing to the index."""


class ModelError(RoleqaError):
    """Weights are absent, or not the ones expected."""


class CalibrationError(RoleqaError):
    """The confidence cannot be calibrated, or its calibration not read."""


class QuestionError(RoleqaError):
    """The question cannot be asked."""


class LabelError(RoleqaError):
    """Labelled questions cannot be evaluated."""
