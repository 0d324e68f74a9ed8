"""Numbers in a dialogue are what an earlier message asked for; other numbers are left alone."""

import pyarrow as pa
import pytest

from review.decide import make_choice
from review.labels import KnownLabels
from review.suggestions import suggest
from tasks.privacy import Kind, find_personal_data
from tasks.privacy.replies import find_answers
from tasks.records import SAMPLE, Action, Role, Task, build_table, sample_id


def found(question: str, reply: str) -> list[tuple[Kind, str]]:
    return [(span.kind, reply[span.start : span.end]) for span in find_answers([question], reply)]


@pytest.mark.parametrize(
    ("question", "reply", "kind", "value"),
    [
        ("May I have your card number?", "sure 5454158748569857", Kind.CREDIT_CARD, "5454158748569857"),
        ("カード番号をお願いします。", "1234-5678-1234-5678です", Kind.CREDIT_CARD, "1234-5678-1234-5678"),
        ("Your account number, please.", "it is 99182736", Kind.BANK_ACCOUNT, "99182736"),
        ("口座番号を教えてください。", "はい、1234567です。", Kind.BANK_ACCOUNT, "1234567"),
        ("What is your social security number?", "123456789", Kind.SSN, "123456789"),
        ("マイナンバーの入力をお願いします。", "1234 5678 9012", Kind.MY_NUMBER, "1234 5678 9012"),
        ("What's the best contact number?", "555 0134 77", Kind.PHONE, "555 0134 77"),
        ("ご連絡先をお願いします。", "5550134です", Kind.PHONE, "5550134"),
        ("Could you confirm your date of birth?", "19840229", Kind.BIRTH_DATE, "19840229"),
        ("お誕生日はいつですか。", "1984年2月29日です", Kind.BIRTH_DATE, "1984年2月29日"),
        ("Driver's license, please", "D1234567", Kind.DRIVER_LICENSE, "D1234567"),
        ("パスポートの番号は?", "TK1234567です", Kind.PASSPORT, "TK1234567"),
        ("郵便番号を教えてください。", "1000001です", Kind.POSTAL_CODE, "1000001"),
    ],
)
def test_what_was_asked_for_is_found(question: str, reply: str, kind: Kind, value: str) -> None:
    assert found(question, reply) == [(kind, value)]


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("May I have your card number?", "I only have the order 1234567890123456 here"),
        ("カード番号をお願いします。", "注文番号1234567890123456ならあります"),
        ("May I have your card number?", "it was charged 12345 yen"),
        ("Which phone did you buy?", "the 20240115 model"),
        ("口座番号を教えてください。", "1500000円を振り込みました"),
        ("Enter the license key.", "12345678"),
        ("How much did you pay into the account?", "1500000"),
        ("Your account number, please.", "I paid $1500000"),
    ],
)
def test_other_numbers_are_left_alone(question: str, reply: str) -> None:
    assert found(question, reply) == []


def test_a_card_may_be_asked_for_long_before_an_account_may_not() -> None:
    before = ["Your card number and your account number, please.", "one moment", "Thank you."]
    assert [span.kind for span in find_answers(before, "5454158748569857")] == [Kind.CREDIT_CARD]
    assert find_answers(before, "99182736") == []


def dialogue(*said: str) -> pa.Table:
    turns = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(said)]
    prompt, completion = turns[:-1], turns[-1:]
    row = {
        "row": 0,
        "sample_id": sample_id(Task.TEXT_GENERATION, prompt, completion, None),
        "task": Task.TEXT_GENERATION.value,
        "role": Role.TRAIN.value,
        "prompt": prompt,
        "completion": completion,
        "input": said[-2],
        "target": said[-1],
        "language": "en",
    }
    return build_table([row], SAMPLE)


def test_a_sample_is_read_as_a_dialogue() -> None:
    asked = ("I lost my card.", "What is its card number?", "sure 5454158748569857", "Thank you.")
    [finding] = find_personal_data(dialogue(*asked)).to_pylist()
    assert finding["check"] == "personal_data"
    assert "[CREDIT_CARD]" in finding["suggestion"]
    assert "5454158748569857" not in str(finding)
    other = ("I lost my parcel.", "What is its number?", "sure 5454158748569857", "Thank you.")
    assert len(find_personal_data(dialogue(*other))) == 0


def test_what_the_page_offers_holds_every_message() -> None:
    samples = dialogue(
        "My card number is 4111 1111 1111 1111.", "Thank you. Anything else?", "No.", "Good bye."
    )
    findings = find_personal_data(samples).to_pylist()
    [offered] = suggest({"findings": findings, "sample": samples.to_pylist()[0]}, "en")
    assert offered.payload == {"prompt[0]": "My card number is [CREDIT_CARD]."}
    assert "[CREDIT_CARD]" in offered.text
    make_choice(samples.to_pylist()[0], Action.EDIT, offered.payload, KnownLabels())
