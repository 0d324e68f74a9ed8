"""Conversations to question/answer pairs: turns in a table, and mails."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.ingest.builders.mails import turns_of_mails
from tasks.ingest.builders.threads import (
    ThreadPair,
    build_threads,
    read_time,
    turns_of_table,
    without_signature,
)
from tasks.ingest.compose import compose
from tasks.ingest.contract import Block, Boilerplate, Row, TableContent, heading, paragraph
from tasks.recipe import Columns, ThreadSettings

DATA = Path(__file__).parents[2] / "shared" / "data"
SETTINGS = ThreadSettings()


def read_table(rows: list[dict[str, Any]], **settings: Any) -> tuple[list[ThreadPair], list[str]]:
    chosen = ThreadSettings(**settings)
    table = TableContent([Row(n, fields) for n, fields in enumerate(rows, start=1)], None, [])
    turns, unfit = turns_of_table(table, Columns(), chosen)
    pairs, problems = build_threads(turns, chosen, "Be kind.")
    return pairs, [problem.check for problem in [*unfit, *problems]]


def turn(speaker: str, text: str, thread: Any = 7, **more: Any) -> dict[str, Any]:
    return {"thread": thread, "speaker": speaker, "text": text} | more


def contents(pair: ThreadPair) -> list[str]:
    return [f"{message['role'][0]}:{message['content']}" for message in [*pair.prompt, *pair.completion]]


TALK = [
    turn("Agent", "Hello!"),
    turn("customer", "My card"),
    turn("customer", "is lost."),
    turn("ＡＧＥＮＴ", "Since when?", id="m4", date="2024-05-01T10:03:00Z"),
    turn("customer", "Monday."),
    turn("action", "card blocked"),
    turn("agent", "It is blocked."),
    turn("customer", "Thanks."),
]


def test_each_exchange_is_a_pair() -> None:
    pairs, problems = read_table(TALK)
    assert [contents(pair) for pair in pairs] == [
        ["s:Be kind.", "u:My card\nis lost.", "a:Since when?"],
        ["s:Be kind.", "u:My card\nis lost.", "a:Since when?", "u:Monday.", "a:It is blocked."],
    ]
    assert [(pair.source_id, pair.line, pair.date) for pair in pairs] == [
        ("7/m4", 4, "2024-05-01T10:03:00+00:00"),
        ("7/6", 7, None),
    ]
    assert problems == ["other_speaker"]


def test_history_is_bounded_and_starts_with_the_customer() -> None:
    for history, expected in ((0, 0), (1, 0), (2, 2)):
        pairs, _ = read_table(TALK, history=history)
        assert len(pairs[1].prompt) == 2 + expected
        assert pairs[1].prompt[1]["role"] == "user"


def test_turns_are_ordered_by_time_where_all_have_one() -> None:
    rows = [turn("agent", "b", date="2024/05/02 09:00"), turn("customer", "a", date="2024-05-01")]
    assert [contents(p) for p in read_table(rows)[0]] == [["s:Be kind.", "u:a", "a:b"]]
    rows[0]["date"] = "soon"
    assert read_table(rows)[0] == []


def test_only_resolved_conversations_where_there_is_a_state() -> None:
    rows = [
        turn("customer", "a", 1, status="open"),
        turn("agent", "b", 1, status="ＣＬＯＳＥＤ "),
        turn("customer", "c", 2, status="解決済み"),
        turn("agent", "d", 2, status="open"),
        turn("customer", "e", 3),
        turn("agent", "f", 3),
    ]
    pairs, problems = read_table(rows)
    assert [pair.source_id for pair in pairs] == ["1/2"]
    assert problems == ["unresolved_thread", "unresolved_thread"]


def test_what_gives_no_pair_is_told() -> None:
    rows = [turn("customer", "a", 1), turn("agent", "b", 2), turn("customer", " ", 3), turn("", "x", 4)]
    assert read_table(rows) == (
        [],
        ["missing_field", "missing_field", "one_sided_thread", "one_sided_thread"],
    )
    assert read_table([turn("Bob", "a"), turn("Ann", "b")]) == ([], ["no_agent", "one_sided_thread"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Dear Ms Tanaka,\n\nIt is done.\n\nBest regards,\nBob\nACME Inc.", "It is done."),
        ("It is done.\n-- \nBob\n+81 3 0000 0000", "It is done."),
        ("It is done.\n\nSent from my iPhone", "It is done."),
        (
            "山田様\n\n完了しました。\n\n以上、よろしくお願いいたします。\n──────────\n田中",
            "完了しました。\n\n以上、よろしくお願いいたします。",
        ),
        ("お世話になっております。\n完了しました。", "お世話になっております。\n完了しました。"),
        ("Hello!\nHow can I help?", "Hello!\nHow can I help?"),
        ("Thanks,\nBob", "Thanks,\nBob"),
        ("First.\n\nThanks\n\n" + "This long paragraph goes on about something else entirely. " * 2, None),
    ],
)
def test_signatures_go_and_the_rest_stays(text: str, kept: str | None) -> None:
    assert without_signature(text) == (text.strip() if kept is None else kept)


def mail(body: list[Block] | str, uri: str, **headers: str) -> dict[str, Any]:
    subject = headers.get("subject", "")
    blocks = [heading(subject, 1)] if subject else []
    text, spans, _ = compose([*blocks, *([paragraph(body)] if isinstance(body, str) else body)])
    metadata = {key.replace("_", "-").rstrip("-"): value for key, value in headers.items()}
    return {
        "uri": uri,
        "media_type": "message/rfc822",
        "title": subject,
        "text": text,
        "blocks": spans,
        "metadata": json.dumps(metadata),
    }


ASKED = mail(
    "My card is lost.",
    "1.eml",
    subject="Lost card",
    from_="Ann <ann@home.example>",
    to="support@acme.example",
    message_id="<1@home>",
    date="Wed, 01 May 2024 10:00:00 +0900",
)
ANSWERED = mail(
    [
        paragraph("It is blocked."),
        paragraph("> My card is lost.", boilerplate=Boilerplate.QUOTED_REPLY),
        paragraph("Bob, ACME", boilerplate=Boilerplate.SIGNATURE),
        paragraph("terms and conditions", part="terms.txt"),
    ],
    "2.eml",
    subject="Re: Lost card",
    from_="ACME Support <support@acme.example>",
    to="ann@home.example",
    message_id="<2@acme>",
    in_reply_to="<1@home>",
    date="Wed, 01 May 2024 02:00:00 +0000",
)


def read_mails(*documents: dict[str, Any], **settings: Any) -> tuple[list[ThreadPair], list[str]]:
    turns, unfit = turns_of_mails(documents, ThreadSettings(**settings))
    pairs, problems = build_threads(turns, ThreadSettings(**settings), "")
    return pairs, [problem.check for problem in [*unfit, *problems]]


def changed(document: dict[str, Any], **headers: str | None) -> dict[str, Any]:
    metadata = json.loads(document["metadata"]) | {
        k.replace("_", "-").rstrip("-"): v for k, v in headers.items()
    }
    return document | {"metadata": json.dumps({k: v for k, v in metadata.items() if v is not None})}


def test_mails_that_name_one_another() -> None:
    (pair,), problems = read_mails(ANSWERED, ASKED)
    assert contents(pair) == ["u:My card is lost.", "a:It is blocked."]
    assert (pair.uri, pair.source_id, pair.date) == (
        "2.eml",
        "<1@home>/<2@acme>",
        "2024-05-01T02:00:00+00:00",
    )
    assert problems == []


def test_a_mail_that_is_there_twice_speaks_once() -> None:
    (pair,), problems = read_mails(ANSWERED, ASKED, ASKED | {"uri": "copy.eml"})
    assert contents(pair) == ["u:My card is lost.", "a:It is blocked."]
    assert problems == ["duplicate_mail"]


def test_references_reach_over_a_mail_that_is_not_there() -> None:
    later = changed(ANSWERED, in_reply_to="<9@gone>", references="<1@home> <9@gone>")
    assert len(read_mails(ASKED, later)[0]) == 1


def test_without_ids_subject_and_people_decide() -> None:
    loose = changed(ANSWERED, in_reply_to=None, subject="RE: Ｌost  card")
    assert len(read_mails(ASKED, loose)[0]) == 1
    assert len(read_mails(ASKED, changed(loose, subject="返信: Lost card"))[0]) == 1
    for other in (
        changed(loose, subject="Lost card"),
        changed(loose, subject="Re: Found card"),
        changed(loose, to="eve@other.example"),
    ):
        assert read_mails(ASKED, other) == ([], ["one_sided_thread", "one_sided_thread"])


@pytest.mark.parametrize(
    ("sender", "agents", "is_agent"),
    [
        ("Support <x@acme.example>", ("support",), True),
        ("Bob <customer-support@acme.example>", ("support",), True),
        ("Bob <supportive@acme.example>", ("support",), False),
        ("Bob <bob@acme.example>", ("@acme.example",), True),
        ("Bob <bob@acme.example.evil>", ("@acme.example",), False),
        ("お客様サポート窓口 <x@acme.example>", ("サポート",), True),
    ],
)
def test_who_is_an_agent(sender: str, agents: tuple[str, ...], is_agent: bool) -> None:
    pairs, _ = read_mails(ASKED, changed(ANSWERED, from_=sender), agents=agents)
    assert len(pairs) == is_agent


def test_automatic_mails_and_other_documents_are_left_out() -> None:
    bounce = changed(ANSWERED, from_="MAILER-DAEMON@home.example")
    assert read_mails(ASKED, bounce) == ([], ["other_speaker", "one_sided_thread"])
    assert read_mails(ASKED | {"media_type": "text/markdown"}) == ([], [])


def test_times() -> None:
    assert (
        read_time("2024-05-01") == read_time("2024/05/01 00:00") == read_time("Wed, 01 May 2024 00:00:00 GMT")
    )
    assert read_time(1714521600) == read_time("2024-05-01")
    assert [read_time(value) for value in ("", "soon", None, True, 7)] == [None] * 5


@pytest.mark.skipif(not DATA.exists(), reason="no reference data beside the project")
def test_real_conversations() -> None:
    talks = json.loads((DATA / "abcd_sample" / "abcd_sample.json").read_text(encoding="utf-8"))
    pairs, problems = read_table(
        [turn(who, text, talk["convo_id"]) for talk in talks for who, text in talk["original"]]
    )
    assert (len(pairs), problems) == (21, ["other_speaker"])
    assert pairs[2].completion[0]["content"].startswith("ok, may I have your username")
