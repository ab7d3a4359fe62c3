"""One question, asked step by step in a process that has done nothing else; `cold_start.py` runs it.

    python tests/benchmarks/cold_question.py INDEX QUESTION

Prints the moments between the steps, in seconds of the clock that all processes share.
"""

import sys
from time import monotonic

moments = [monotonic()]
import roleqa.assistant  # noqa: E402 (the time it takes is what is asked)
import roleqa.cli  # noqa: E402
from roleqa.blocks import Span  # noqa: E402
from roleqa.types import MatchText  # noqa: E402

moments.append(monotonic())
assistant = roleqa.assistant.Assistant.load(roleqa.assistant.Settings(index=sys.argv[1]))
moments.append(monotonic())
assistant.retriever.encoder.encode_query("warm up")
moments.append(monotonic())
assistant.retriever.reader.read("warm up", [MatchText("warm up", (Span(0, 7),))])
moments.append(monotonic())
assistant.ask(sys.argv[2])
moments.append(monotonic())
print(moments)
