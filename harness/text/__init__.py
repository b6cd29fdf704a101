"""Sentences, tokens, and the numbers, dates and names of a text in a form that can be compared.

One function each, used by everybody, so that a number means the same to the claim extractor, the checker and the
comparison of sources. Offsets count characters of the text given. Everything but `parse` (and `names` of a parsed
text) is plain Python and needs no model; all of it is deterministic.
"""

from harness.text.date import Date, dates
from harness.text.name import CAPITALS, Name, name_key, names, same_name, unaccented
from harness.text.number import Number, numbers
from harness.text.parser import parse, parser_version
from harness.text.sentence import SPLITTER, dateline, sentences
from harness.text.token import STOP_WORDS, content_words, ngrams, stem, words
from harness.text.vocabulary import PEOPLE

NORMALISER = "facts-4"  # what reads numbers, dates and names: part of every signature that depends on them

__all__ = [
    "CAPITALS", "NORMALISER", "PEOPLE", "SPLITTER", "STOP_WORDS", "Date", "Name", "Number", "content_words", "dateline",
    "dates", "name_key", "names", "ngrams", "numbers", "parse", "parser_version", "same_name", "sentences", "stem", "unaccented", "words",
]  # fmt: skip
