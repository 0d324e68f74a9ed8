"""Conversations held by mail: messages that name one another, or answer under one subject between the same people.

What a mail says is its unmarked blocks: quoted replies and signatures are marked, attachments stand in a part of
their own, the subject is a heading.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import getaddresses
from typing import Any, NamedTuple

from tasks.ingest.builders.structure import place_blocks
from tasks.ingest.builders.threads import AGENT, CUSTOMER, Turn, fold, in_order, read_time
from tasks.ingest.contract import Problem
from tasks.recipe import ThreadSettings
from tasks.records import Severity
from tasks.text import matching_form

MAIL_TYPES = ("message/rfc822", "application/vnd.ms-outlook")
_PREFIX = re.compile(r"(?i)^\s*(?:(re|aw|sv|antw|返信)|fwd?|wg|tr|転送)\s*(?:\[\d+\]|\(\d+\))?\s*[:：]\s*")
_ID = re.compile(r"<[^<>\s]+>")
_AUTOMATIC = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?:[+@-].*)?")


class _Mail(NamedTuple):
    document: Mapping[str, Any]
    id: str
    links: tuple[str, ...]
    """Ids of the mails that it answers."""
    subject: str
    is_reply: bool
    sender: str
    """Name and address."""
    people: frozenset[str]
    """Addresses of sender and receivers."""
    time: datetime | None


def turns_of_mails(
    documents: Sequence[Mapping[str, Any]], settings: ThreadSettings
) -> tuple[dict[str, list[Turn]], list[Problem]]:
    """Turns by thread, of those rows of records.DOCUMENT that are mails; the thread is named after its first mail."""
    mails = [_read_mail(row) for row in documents if row["media_type"] in MAIL_TYPES]
    threads: dict[str, list[Turn]] = {}
    problems: list[Problem] = []
    for group in _group(mails):
        turns = []
        seen: dict[tuple[str, str], str] = {}
        for mail in group:
            text, address = _text_of(mail), (_addresses(mail.sender) or [""])[0]
            first = seen.setdefault((mail.id or mail.sender, matching_form(text)), mail.document["uri"])
            if first != mail.document["uri"]:
                evidence = {"uri": mail.document["uri"], "first": first}
                reason = f"the mail is that of {first} once more"
                problems.append(Problem("duplicate_mail", Severity.INFO, reason, evidence=evidence))
                continue
            agent = _is_agent(mail.sender, settings)
            if not agent and _AUTOMATIC.match(address):
                reason = f"a mail by {address} is neither a customer's nor an agent's"
                evidence = {"uri": mail.document["uri"]}
                problems.append(Problem("other_speaker", Severity.INFO, reason, evidence=evidence))
            elif text:
                speaker = AGENT if agent else CUSTOMER
                turns.append(
                    Turn("", speaker, text, mail.time, None, None, mail.id or None, mail.document["uri"])
                )
        if turns:
            turns = in_order(turns)
            name = turns[0].id or str(turns[0].uri)
            threads[name] = [turn._replace(thread=name) for turn in turns]
    return threads, problems


def _read_mail(document: Mapping[str, Any]) -> _Mail:
    headers = {str(k).lower(): str(v) for k, v in json.loads(document["metadata"] or "{}").items()}
    subject, is_reply = _subject_of(headers.get("subject") or document["title"] or "")
    return _Mail(
        document=document,
        id=headers.get("message-id", "").strip(),
        links=tuple(_ID.findall(headers.get("references", "") + " " + headers.get("in-reply-to", ""))),
        subject=subject,
        is_reply=is_reply,
        sender=headers.get("from", ""),
        people=frozenset(_addresses(*(headers.get(name, "") for name in ("from", "to", "cc")))),
        time=read_time(headers.get("date")),
    )


def _subject_of(subject: str) -> tuple[str, bool]:
    """The subject without Re:, Fwd: and their like, and whether it says that the mail is an answer."""
    is_reply = False
    while match := _PREFIX.match(subject):
        is_reply = is_reply or match[1] is not None
        subject = subject[match.end() :]
    return " ".join(fold(subject).split()), is_reply


def _addresses(*headers: str) -> list[str]:
    return [address.lower() for _, address in getaddresses(list(headers)) if address]


def _group(mails: Sequence[_Mail]) -> Iterator[list[_Mail]]:
    """Mails of one conversation: by the ids that they name; an answer that names none by subject and people."""
    root = list(range(len(mails)))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    by_id: dict[str, int] = {}
    by_subject: dict[str, list[int]] = {}
    for i, mail in enumerate(mails):
        by_subject.setdefault(mail.subject, []).append(i)
        for id in (mail.id, *mail.links):
            if id:
                root[find(i)] = find(by_id.setdefault(id, i))
    for i, mail in enumerate(mails):
        if mail.is_reply and not mail.links and mail.subject:
            answered = _answered_by(mail, [mails[k] for k in by_subject[mail.subject] if k != i])
            if answered is not None:
                root[find(i)] = find(next(k for k in by_subject[mail.subject] if mails[k] is answered))
    groups: dict[int, list[_Mail]] = {}
    for i, mail in enumerate(mails):
        groups.setdefault(find(i), []).append(mail)
    yield from groups.values()


def _answered_by(mail: _Mail, others: Sequence[_Mail]) -> _Mail | None:
    """Of mails with the same subject the last one before `mail` between two of the same people."""
    shared = [other for other in others if len(other.people & mail.people) > 1]
    earlier = [other for other in shared if mail.time and other.time and other.time < mail.time]
    if earlier:
        return max(earlier, key=lambda other: (other.time is not None, other.time))
    return next((other for other in shared if not other.is_reply and not (mail.time and other.time)), None)


def _is_agent(sender: str, settings: ThreadSettings) -> bool:
    """Whether a word of the sender's name or address is one of `agents`; an entry with "@" or "." is the address's end.

    Names in a script without spaces are searched for the entry instead.
    """
    folded = fold(sender)
    words = set(re.split(r"[^\w]+|_", folded))
    address = (_addresses(folded) or [""])[0]
    for agent in map(fold, settings.agents):
        if "@" in agent or "." in agent:
            found = address.endswith(agent)
        elif agent.isascii() and agent.isalnum():
            found = agent in words
        else:
            found = agent in folded
        if agent and found:
            return True
    return False


def _text_of(mail: _Mail) -> str:
    parts = []
    for position, block in enumerate(place_blocks(mail.document)):
        is_subject = position == 0 and block.kind == "heading" and _subject_of(block.title)[0] == mail.subject
        if not is_subject and not block.part:
            parts.append(block.text)
    return "\n\n".join(parts).strip()
