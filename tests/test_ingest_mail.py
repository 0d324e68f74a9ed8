"""Mail: what its writer wrote against quotes and signatures; headers, charsets, bodies, attachments, .msg."""

import base64
import random
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from tasks.ingest.contract import Block, BlockKind, Boilerplate, DocumentContent, ReadOptions, UnreadableError
from tasks.ingest.readers.mail.body import html_body, plain_body
from tasks.ingest.readers.mail.eml import read_eml
from tasks.ingest.readers.mail.marks import Sender
from tasks.ingest.readers.mail.msg import read_msg, unpack_rtf
from tasks.records import Severity

DATA = Path(__file__).parents[2] / "shared" / "data"
EXAMPLES = DATA / "formats_unstructured" / "example-docs"
needs_data = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="shared/data is not here")
OPTIONS = ReadOptions()
YAMADA = Sender("山田 太郎", "yamada@example.co.jp")
REPLY = Sender("Ann Lee", "ann@example.com", is_reply=True)


def lines_of(blocks: list[Block], mark: Boilerplate | None) -> list[str]:
    return [
        line.strip()
        for block in blocks
        if block.boilerplate is mark
        for line in block.text.split("\n")
        if line.strip()
    ]


def check(text: str, written: int | None, sender: Sender = YAMADA) -> list[Block]:
    """Asserts that the first `written` lines that are not blank (all when None) and no others carry no mark."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    blocks = plain_body(text, sender)
    assert lines_of(blocks, None) == lines[:written]
    assert [line.strip() for block in blocks for line in block.text.split("\n") if line.strip()] == lines
    return blocks


RULED_JA = """田中様

お世話になっております。株式会社テストの山田です。
お見積りをお送りします。

よろしくお願いいたします。

━━━━━━━━━━━━━━━━━━
株式会社テスト 営業部
山田 太郎
〒100-0001 東京都千代田区1-1
TEL: 03-1234-5678 / FAX: 03-1234-5679
E-mail: yamada@example.co.jp
━━━━━━━━━━━━━━━━━━"""
STARS_JA = """承知しました。

＊＊＊＊＊＊＊＊＊＊
㈱サンプル 技術部 鈴木
携帯 090-1111-2222
https://www.example.jp/
＊＊＊＊＊＊＊＊＊＊"""
QUOTED_JA = """ご連絡ありがとうございます。明日伺います。

2024年5月1日(水) 10:00 田中 花子 <tanaka@example.com>:

> 山田様
>
> 明日の件、いかがでしょうか。"""
OUTLOOK_JA = """了解です。

-----元のメッセージ-----
差出人: 田中 <tanaka@example.com>
送信日時: 2024年5月1日 10:00
宛先: 山田
件名: 打ち合わせ

本文です。"""
HEADERS_JA = """確認しました。進めてください。

________________________________
差出人: 田中 <tanaka@example.com>
送信日時: 2024年5月1日 10:00
宛先: 山田
件名: 打ち合わせ

本文です。"""
GMAIL_EN = """Sounds good, see you then.

On Wed, May 1, 2024 at 10:00 AM John Smith
<john@example.com> wrote:

> Can we meet on Friday?
> John"""
ORIGINAL_EN = """Please find the answer below.

-----Original Message-----
From: John Smith
Sent: Wednesday, May 1, 2024 10:00 AM
To: Support
Subject: Login

I cannot log in."""
HEADERS_EN = """Done.

From: John Smith <john@example.com>
Sent: Wednesday, May 1, 2024 10:00 AM
To: Support <support@example.com>
Subject: Login

I cannot log in."""
FORWARD_EN = """FYI

---------- Forwarded message ---------
From: John <john@example.com>
Date: Wed, May 1, 2024
Subject: News

The news."""
DELIMITER_EN = """Hi Bob,

the fix is out.

--\x20
Ann Lee
Support Engineer"""
PHONE_EN = """Yes, tomorrow is fine.

Sent from my iPhone"""
DISCLAIMER_EN = """Attached is the contract.

Ann Lee
ACME Inc.
Tel: +44 20 7946 0000
ann@example.com

This message is intended only for the addressee and may be privileged. If you are not the
intended recipient, please delete it."""
UNQUOTED_GMAIL = """Thanks!

On Wed, May 1, 2024 at 10:00 AM John Smith <john@example.com> wrote:

Can we meet on Friday?"""
PHONE_JA = """了解しました。

iPhoneから送信

2024/05/01 10:00、田中 <tanaka@example.com>のメール:

> 明日でお願いします"""


@pytest.mark.parametrize(
    ("text", "written", "sender"),
    [
        (RULED_JA, 4, YAMADA),
        (STARS_JA, 1, YAMADA),
        (QUOTED_JA, 1, YAMADA),
        (OUTLOOK_JA, 1, YAMADA),
        (HEADERS_JA, 1, YAMADA),
        (GMAIL_EN, 1, YAMADA),
        (ORIGINAL_EN, 1, YAMADA),
        (HEADERS_EN, 1, YAMADA),
        (FORWARD_EN, 1, YAMADA),
        (DELIMITER_EN, 2, YAMADA),
        (PHONE_EN, 1, YAMADA),
        (DISCLAIMER_EN, 1, REPLY),
        (UNQUOTED_GMAIL, 1, YAMADA),
        (PHONE_JA, 1, YAMADA),
        (RULED_JA + "\n\n" + QUOTED_JA.partition("\n\n")[2], 4, YAMADA),
    ],
    ids=[
        "ruled-ja", "stars-ja", "gmail-ja", "outlook-ja", "headers-ja", "gmail", "original", "headers", "forward",
        "delimiter", "iphone", "disclaimer", "unquoted", "iphone-ja", "signature-above-quote",
    ],
)  # fmt: skip
def test_what_others_wrote_is_marked(text: str, written: int, sender: Sender) -> None:
    check(text, written, sender)


AGENDA_JA = """皆様

下記の通り開催します。

────────────────
日時: 5月1日 10:00
会場: 株式会社テスト 本社 東京都千代田区1-1
TEL: 03-1234-5678
────────────────"""
SECTIONS_JA = """ご案内です。

==========
サポート窓口
==========
TEL: 03-1234-5678
E-mail: support@example.co.jp
平日9時から17時まで受け付けます。

==========
料金
==========
月額1,000円です。"""
CONTACT_JA = """ご不明な点は下記までお願いします。

お問い合わせ先
株式会社テスト サポートセンター
TEL: 03-1234-5678
E-mail: support@example.co.jp"""
COMPARISON = """If the load is
> 80 percent
the alarm rings."""
ADDRESSED_JA = """>田中さん
例の件、お願いします。

＞鈴木さん
会議室の予約をお願いします。"""
WROTE = """As I wrote: the server was down.
From: the log you can see that it restarted.
To: do is only the check."""
MENTION = """On 1 May 2024 the board met, and Ann wrote the minutes.

They follow below."""
TABLE_RULES = """Result:

-----------------
item     count
-----------------
apples   12
pears    7
-----------------
Please check the numbers above before Friday."""
DASHES = """First point.
--
Second point, which is long enough to say that this goes on.
""" + "".join(f"Line {n} of the text.\n" for n in range(20))
ARROW = """-> restart the service
--> check the log
=> done"""
SHELL = """Run this:

$ ls
> out.txt
"""


@pytest.mark.parametrize(
    "text",
    [AGENDA_JA, SECTIONS_JA, CONTACT_JA, COMPARISON, ADDRESSED_JA, WROTE, MENTION, TABLE_RULES, DASHES, ARROW, SHELL],
    ids=[
        "agenda", "sections", "contact", "comparison", "addressed", "wrote", "mention", "table", "dashes", "arrow",
        "shell",
    ],
)  # fmt: skip
def test_what_the_writer_wrote_is_not_marked(text: str) -> None:
    check(text, None)


def test_inline_answers_stay_between_the_quotes() -> None:
    text = """On Wed, May 1, 2024 at 10:00 AM John <john@example.com> wrote:
> When?
Friday.
> Where?
Room 4.

--\x20
Ann"""
    blocks = plain_body(text, REPLY)
    assert lines_of(blocks, None) == ["Friday.", "Room 4."]
    assert lines_of(blocks, Boilerplate.SIGNATURE) == ["--", "Ann"]
    assert [block.text for block in blocks if block.kind is BlockKind.QUOTE] == ["> When?", "> Where?"]


@pytest.mark.parametrize(
    "quoted",
    [
        '<div class="gmail_quote"><div class="gmail_attr">On Wed John wrote:</div><blockquote>old</blockquote></div>',
        '<blockquote type="cite"><div>old</div></blockquote>',
        '<div id="divRplyFwdMsg"><b>From:</b> J</div><p>From: J<br>Sent: today<br>To: me<br>Subject: x</p><p>old</p>',
        '<div style="border-top:solid"><p><b>差出人:</b> 田中<br><b>送信日時:</b> 5月1日<br><b>宛先:</b> 山田<br>'
        "<b>件名:</b> x</p></div><p>old</p>",
    ],
    ids=["gmail", "cite", "outlook", "outlook-ja"],
)
def test_html_quotes_and_signatures(quoted: str) -> None:
    table = "<table><tr><td>a<td>b<tr><td>c<td>d</table>"
    body = f'<div>新しい本文</div>{table}<div class="gmail_signature">Ann</div>{quoted}'
    blocks = html_body(body, YAMADA)
    assert [block.text for block in blocks if block.boilerplate is None] == [
        "新しい本文",
        "| a | b |\n| --- | --- |\n| c | d |",
    ]
    assert lines_of(blocks, Boilerplate.SIGNATURE) == ["Ann"]
    assert "old" in "".join(lines_of(blocks, Boilerplate.QUOTED_REPLY))


def test_a_signature_within_an_html_paragraph_is_parted_from_the_text() -> None:
    blocks = html_body("<p>Done.<br>-- <br>Ann<br>ACME</p>", REPLY)
    assert [(block.text, block.boilerplate) for block in blocks] == [
        ("Done.", None),
        ("--\nAnn\nACME", Boilerplate.SIGNATURE),
    ]


def eml(headers: str, body: bytes = b"hello") -> DocumentContent:
    return read_eml(headers.encode("utf-8", "surrogateescape") + b"\n\n" + body, OPTIONS)


def test_headers_become_metadata() -> None:
    document = eml(
        "From: =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <yamada@example.co.jp>\nTo: a@example.com\nTo: b@example.com\n"
        "Cc: c@example.com\nSubject: =?UTF-8?B?44GU6YCj?=\n =?UTF-8?B?57Wh?= 1\nDate: Wed, 1 May 2024 10:00:00 +0900\n"
        "Message-ID: <1@x>\nIn-Reply-To: <0@x>\nReferences: <a@x>\n <0@x>"
    )
    assert document.metadata == {
        "from": "山田 <yamada@example.co.jp>",
        "to": "a@example.com, b@example.com",
        "cc": "c@example.com",
        "subject": "ご連絡 1",
        "date": "2024-05-01T10:00:00+09:00",
        "message-id": "<1@x>",
        "in-reply-to": "<0@x>",
        "references": "<a@x> <0@x>",
    }
    assert document.title == "ご連絡 1"
    assert [block.text for block in document.blocks] == ["# ご連絡 1", "hello"]


def encoded_words(text: str, charset: str, codec: str, cut: int) -> bytes:
    raw = text.encode(codec)
    words = [
        b"=?" + charset.encode() + b"?B?" + base64.b64encode(part) + b"?=" for part in (raw[:cut], raw[cut:])
    ]
    return b"\n ".join(words)


@pytest.mark.parametrize(
    "subject",
    [
        "お問い合わせの件について".encode("cp932"),
        "お問い合わせの件について".encode("iso2022_jp"),
        "お問い合わせの件について".encode(),
        encoded_words("お問い合わせの件について", "UTF-8", "utf-8", 10),
        encoded_words("お問い合わせの件について", "Shift_JIS", "cp932", 7),
        b"=?unknown?B?" + b"44GK5ZWP44GE5ZCI44KP44Gb44Gu5Lu244Gr44Gk44GE44Gm" + b"?=",
    ],
    ids=["raw-sjis", "raw-jis", "raw-utf8", "cut-utf8", "cut-sjis", "unknown"],
)
def test_japanese_subjects(subject: bytes) -> None:
    assert read_eml(b"Subject: " + subject + b"\n\nx", OPTIONS).title == "お問い合わせの件について"


@pytest.mark.parametrize("codec", ["cp932", "iso2022_jp", "utf-8", "euc_jp"])
@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "us-ascii", "x-unknown", "utf-8"])
def test_bodies_whose_charset_lies(codec: str, charset: str) -> None:
    sentence = "お客様からのお問い合わせには、営業時間内に回答いたします。"
    document = eml(f"Content-Type: text/plain; charset={charset}", sentence.encode(codec))
    assert [block.text for block in document.blocks] == [sentence]


def message(plain: str, html: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "件名"
    mail.set_content(plain)
    mail.add_alternative(html, subtype="html")
    return mail


def body_of(mail: EmailMessage) -> list[str]:
    return [block.text for block in read_eml(mail.as_bytes(), OPTIONS).blocks][1:]


def test_the_plain_body_is_preferred_unless_it_says_nothing() -> None:
    assert body_of(message("本文です", "<h2>見出し</h2><p>本文です</p>")) == ["本文です"]
    html = "<h2>見出し</h2><p>本文です</p>"
    assert body_of(message("\n \n", html)) == ["## 見出し", "本文です"]
    assert (
        body_of(message("このメールはHTML形式です。対応したメールソフトでご覧ください。", html))[0]
        == "## 見出し"
    )


def test_attachments_are_named_and_forwarded_mails_are_marked() -> None:
    inner = message("中の本文", "<p>中の本文</p>")
    mail = EmailMessage()
    mail["Subject"] = "Fwd"
    mail.set_content("see below")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="請求書.pdf")
    mail.add_attachment("a,b\n", subtype="csv", filename="x.csv")
    mail.add_attachment(inner)
    document = read_eml(mail.as_bytes(), OPTIONS)
    assert [(block.text, block.boilerplate) for block in document.blocks] == [
        ("# Fwd", None),
        ("see below", None),
        ("# 件名", Boilerplate.QUOTED_REPLY),
        ("中の本文", Boilerplate.QUOTED_REPLY),
    ]
    assert document.metadata["attachments"] == "請求書.pdf, x.csv"
    problem = document.problems[0]
    assert (problem.check, problem.severity) == ("attachment_not_read", Severity.INFO)
    assert problem.evidence == {"name": "請求書.pdf", "type": "application/pdf", "size": 4}


def test_signed_mail_is_read_and_encrypted_mail_refused() -> None:
    signed = (
        b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\n\n--b\n'
        b"Content-Type: text/plain\n\nsigned text\n--b\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\n"
        b"AAAA\n--b--\n"
    )
    document = read_eml(signed, OPTIONS)
    assert [block.text for block in document.blocks] == ["signed text"]
    assert not document.problems
    for encrypted in (
        b"Subject: x\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nAAAA",
        b'Subject: x\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\n\n--b--\n',
        b"Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nhQ==\n-----END PGP MESSAGE-----\n",
    ):
        with pytest.raises(UnreadableError) as error:
            read_eml(encrypted, OPTIONS)
        assert error.value.check == "encrypted"


def test_flowed_lines_are_joined() -> None:
    body = b"one \ntwo \nthree\n\n-- \nAnn\n"
    document = eml("Content-Type: text/plain; format=flowed", body)
    assert [block.text for block in document.blocks if block.boilerplate is None] == ["one two three"]
    assert lines_of(list(document.blocks), Boilerplate.SIGNATURE) == ["--", "Ann"]


@pytest.mark.parametrize("content", [b"", b" \r\n\r\n", b"\n"])
def test_empty_mail(content: bytes) -> None:
    for read in (read_eml, read_msg):
        with pytest.raises(UnreadableError) as error:
            read(content, OPTIONS)
        assert error.value.check == "empty"


@pytest.mark.parametrize(
    "content",
    [
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000)),
        b"Content-Type: message/rfc822\n\n" * 2000,
        b"Subject: x\n\n" + b"-----\nTEL: 03-1111-2222\n\n" * 10_000,
        b"Subject: x\n\n" + b"-" * 50_000 + b"x\n" + b"-----\n" * 10_000,
        b"Subject: x\n\n" + b"On 2024/1/1 1/1/2024 1/1/2024 2024/1/1 2024/1/1 :\n" * 3000,
        b"Subject: " + b"=?utf-8?q?" * 50_000 + b"\n\nx",
    ],
    ids=["multipart", "rfc822", "signatures", "rules", "attributions", "words"],
)
def test_hostile_mail_neither_crashes_nor_hangs(content: bytes) -> None:
    began = time.process_time()
    try:
        read_eml(content, OPTIONS)
    except UnreadableError as error:
        assert error.check == "corrupt"  # noqa: PT017
    assert time.process_time() - began < 5


def test_compressed_rtf_bodies() -> None:  # the examples of [MS-OXRTFCP]
    simple = (
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpack_rtf(bytes.fromhex(simple), 1000) == rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert unpack_rtf(crossing, 1000) == rb"{\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    with pytest.raises(UnreadableError) as error:
        unpack_rtf(crossing, 10)
    assert error.value.check == "too_large"


@needs_data
def test_outlook_mail() -> None:
    document = read_msg((EXAMPLES / "fake-email-attachment.msg").read_bytes(), OPTIONS)
    assert document.title == "Fake email with attachment"
    assert [block.text for block in document.blocks][:3] == [
        "# Fake email with attachment",
        "Hello!",
        "Here's the attachments!",
    ]
    assert document.metadata["attachments"] == "fake-attachment.txt"
    assert document.metadata["message-id"].startswith("<CAPgNNXSzLVJ")
    assert document.metadata["date"] == "2022-12-23T12:08:48-06:00"
    with pytest.raises(UnreadableError) as error:
        read_msg((EXAMPLES / "fake-encrypted.msg").read_bytes(), OPTIONS)
    assert error.value.check == "encrypted"


@needs_data
@pytest.mark.parametrize(
    ("read", "path"),
    [(read_eml, "eml/fake-email-attachment.eml"), (read_msg, "fake-email-attachment.msg")],
    ids=["eml", "msg"],
)
def test_damaged_mail_gives_text_or_an_unreadable_error(read, path: str) -> None:  # type: ignore[no-untyped-def]
    whole = (EXAMPLES / path).read_bytes()
    chance = random.Random(3)
    for turn in range(100):
        broken = bytearray(whole[: chance.randrange(len(whole))] if turn % 3 == 0 else whole)
        for _ in range(chance.choice((1, 20, 200)) if broken else 0):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            read(bytes(broken), OPTIONS)
        except UnreadableError as error:
            assert error.check in ("empty", "corrupt", "undecodable", "encrypted", "unsupported")  # noqa: PT017
