"""A mail as a document; mails that lie in it, and attachments that are not read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tasks.ingest.contract import Block, Boilerplate, DocumentContent, Problem, heading
from tasks.ingest.readers.mail.headers import HEADERS
from tasks.records import Severity


def mail_content(
    headers: Mapping[str, str], body: Iterable[Block], problems: Sequence[Problem]
) -> DocumentContent:
    """A mail as a document: the subject is its title and first heading."""
    subject = headers.get("subject", "")
    first = [heading(subject, 1)] if subject.strip() else []
    metadata = {name: value for name in (*HEADERS, "attachments") if (value := headers.get(name, "").strip())}
    return DocumentContent([*first, *body], subject, problems, metadata)


def forwarded(subject: str, blocks: Sequence[Block]) -> list[Block]:
    """The blocks of a mail that lies in another one, all marked as not its writer's."""
    mark = Boilerplate.QUOTED_REPLY
    first = [] if blocks and blocks[0].title == subject else [heading(subject, 2)] if subject else []
    return [replace(block, boilerplate=mark) for block in [*first, *blocks]]


def attachment_problem(name: str, kind: str, size: int) -> Problem:
    """What is told of an attachment of `size` bytes that is not read."""
    reason = f"the attachment {name or '(without a name)'} ({kind}, {size} bytes) is not read"
    return Problem(
        "attachment_not_read", Severity.INFO, reason, evidence={"name": name, "type": kind, "size": size}
    )
