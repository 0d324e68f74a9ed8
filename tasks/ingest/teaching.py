"""Question/answer pairs that a teacher model writes from the documents: off unless the recipe names one."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from tasks.ingest.builders.passages import build_passages
from tasks.ingest.builders.sample import Message
from tasks.ingest.builders.teacher import build_teacher_pairs
from tasks.ingest.builders.teacher_client import ask_openai
from tasks.ingest.contract import IngestSettings, Problem
from tasks.ingest.parse import sample_of
from tasks.records import Task, digest_of
from tasks.storage import Workspace, written_whole


def build_taught(
    workspace: Workspace, documents: pa.Table, settings: IngestSettings
) -> tuple[list[dict[str, Any]], list[tuple[str, Problem]]]:
    """Samples from the documents' passages, and problems with their URIs; nothing without a teacher.

    An answer of the teacher is kept: the same passage is asked about once.
    """
    teacher = settings.questions.teacher
    if teacher is None or settings.task is not Task.TEXT_GENERATION:
        return [], []
    texts = {d["uri"]: d for d in documents.filter(documents["text"].is_valid()).to_pylist()}
    own = settings.model_copy(update={"task": Task.LANGUAGE_MODELING})
    passages = [
        sample_of(piece, document, own)
        for document in texts.values()
        for piece in build_passages(document, settings.passages)[0]
    ]
    ask = _kept(workspace, ask_openai(teacher), [teacher.url, teacher.model])
    pairs, problems = build_teacher_pairs(passages, teacher, ask, settings.instruction)
    samples = [sample_of(pair.piece, texts[pair.passage["uri"]], settings) for pair in pairs]
    return samples, [(str(problem.evidence.get("uri", "")), problem) for problem in problems]


def _kept(
    workspace: Workspace, ask: Callable[[list[Message]], str], teacher: list[str]
) -> Callable[[list[Message]], str]:
    def ask_once(messages: list[Message]) -> str:
        path = workspace.path("cache", "teacher", digest_of([teacher, messages]))
        if path.is_file():
            return path.read_text(encoding="utf-8")
        answer = ask(messages)
        with written_whole(path) as part:
            part.write_text(answer, encoding="utf-8")
        return answer

    return ask_once
