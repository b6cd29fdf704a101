"""Events from folders of plain texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.cleaning import headline
from harness.corpus.dataset import Candidate, Dataset, Record
from harness.corpus.files import content_of, decode
from harness.errors import DataError

TEXTS = (".txt", ".md")


@dataclass(kw_only=True)
class Folder(Dataset):
    """A folder of .txt and .md files is one event, each file an article; a folder of such folders is many events.

    The name of a file without its suffix is the id of the article, and its outlet (`source`).
    """

    def candidates(self) -> Sequence[Candidate]:
        root = self._path("a folder of .txt or .md files, or of such folders")
        if root.is_file():
            raise DataError(
                f"{root} is a file; dataset=folder reads a folder of .txt or .md files. For .jsonl take dataset=jsonl."
            )
        folders = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
        events = [folder for folder in folders if _texts(folder)]
        if _texts(root) and events:
            raise DataError(
                f"{root} holds texts ({_texts(root)[0].name}) and folders with texts ({events[0].name}), so it is neither "
                "one event nor many. Move the texts into a folder of their own."
            )
        if _texts(root):
            return [(str(root), partial(_read, root, self.clean))]
        if not events:
            other = sorted({p.suffix or p.name for p in root.rglob("*") if p.is_file() and not p.name.startswith(".")})
            holds = f"it holds {', '.join(other[:5])}" if other else "it is empty"
            raise DataError(
                f"{root} holds no article ({holds}). Expected .txt or .md files in it, or folders of such files, one an event."
            )
        return [(str(folder), partial(_read, folder, self.clean)) for folder in folders]


def _read(folder: Path, cleaned: bool) -> Record:
    files = _texts(folder)
    if not files:
        raise DataError(
            f"{folder}: this folder holds no .txt or .md file. One that is no event has to stand elsewhere."
        )
    articles = []
    for file in files:
        text = decode(content_of(file), str(file))
        title = "" if cleaned else headline(text)  # cleaning finds it, and behind page furniture, too
        articles.append({"id": file.stem, "text": text, "title": title, "source": file.stem})
    return {"id": folder.resolve().name, "articles": articles}


def _texts(folder: Path) -> list[Path]:
    return sorted(
        p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in TEXTS and not p.name.startswith(".")
    )
