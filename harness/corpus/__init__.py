"""Events from texts: the shipped sample, a folder, JSONL, tables of single articles, the Hugging Face hub.

Every data set turns what it reads into one mapping per event, in the layout of `datasets/sample/events.jsonl`;
`make_event` checks it, cleans its articles and finds duplicates among them. docs/data.md describes the layouts.
"""

from harness.corpus.dataset import Dataset, Skipped
from harness.corpus.event import find_duplicates, make_event
from harness.corpus.folder import Folder
from harness.corpus.jsonl import Jsonl, Sample
from harness.corpus.table import Articles, Hub

__all__ = ["Articles", "Dataset", "Folder", "Hub", "Jsonl", "Sample", "Skipped", "find_duplicates", "make_event"]
