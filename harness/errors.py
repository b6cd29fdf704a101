"""A user's mistake: shown as one paragraph without a traceback, exit code 2.

An error says what is wrong, where, what was expected and what to do. A failure of one item (an
unparsable reply, an article that cannot be read) is no error of this kind: it is recorded in that
item's record and the run goes on.
"""


class HarnessError(Exception):
    """Something the user can mend: what, where, what was expected, what to do."""


class ConfigError(HarnessError):
    """An unknown option or choice, or options that do not go together."""


class DataError(HarnessError):
    """Input that cannot be read as events: a path, a line, a field, an encoding."""


class WeightsError(HarnessError):
    """A model, or a file of its weights, that is not there or is not what it should be."""


class ContextError(HarnessError):
    """A prompt that leaves no room for the articles in the model's context."""


class RecordError(HarnessError):
    """A run folder that belongs to another configuration, or that cannot be read or written."""
