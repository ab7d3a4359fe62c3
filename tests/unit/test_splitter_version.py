"""A change in what documents are split into is told by a number, or indexes would keep what the splitter gave before."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fakes import WordEncoder
from roleqa.index.content import split_part
from roleqa.index.manifest import SPLITTER
from roleqa.ingest.corpus import read_file

MARKDOWN = """---
title: Harbour rules
---
# Keepers and pilots

A keeper lights the lamp at dusk. Lt. Col. Smith [may](x.md) **not**, e.g. on Sundays:

- the lamp is lit
  1. with oil
- the *door* is shut

> Nobody lands here.
> Not even pilots.

Source: the harbour office, 1961

| Topic | Keeper | Pilot |
| --- | --- | --- |
| Leave | Six weeks. In winter. | |
| Pay | | For each `ship` \\| boat |

```
open the door
```

Sources: a log; *another* one

Setext
------

""" + "A very long sentence goes on, " * 30 + "and ends.\n"
PLAIN = """Harbour

Topic | Keeper | Pilot
Leave | Six weeks | Four weeks

Duties of a Keeper
The keeper lights the lamp. "Is it lit?" asks the pilot.

1. First item
2. Second item

Source: the harbour office
"""
# Where this fails, what is split has changed: raise SPLITTER, and give the new number the new hash.
SEEN = {1: "58ae270b3aacc4bf", 2: "b0fab14f8beea2ac", 3: "03c477091e03ec93"}


def test_the_number_is_raised_when_splitting_changes(tmp_path: Path) -> None:
    seen = hashlib.sha256()
    for name, text in (("a.md", MARKDOWN), ("b.txt", PLAIN)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        part = split_part(read_file(tmp_path, tmp_path / name), WordEncoder())
        told = (part.document, part.passages, part.evidence, part.passage_texts, part.evidence_texts)
        seen.update(repr(told).encode())
    assert SEEN.get(SPLITTER) == seen.hexdigest()[:16]
