"""What follows from personal data: every message, every action, and the value nowhere."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import make_sample, rows_at_hand
from pydantic import ValidationError

from review.decide import decide
from tasks.edits import edit_sample, text_fields
from tasks.errors import DataGateError, ExitCode, SeimaiError
from tasks.judge import judge
from tasks.ledger import Ledger
from tasks.privacy import (
    Kind,
    find_personal_data,
    find_personal_data_stage,
    find_spans,
    mark_secret,
    require_none_blocked,
    workspace_key,
)
from tasks.privacy.checks import passes_luhn, passes_my_number
from tasks.privacy.surrogates import Surrogates
from tasks.recipe import PrivacySettings, Recipe, SplitSettings
from tasks.records import SAMPLE, Action, PersonalAction, Task, build_table, sample_id
from tasks.snapshot import assemble
from tasks.storage import Workspace

KEY = bytes(range(32))
MAIL, PHONE, CARD = "karen.whitfield@corp.test.com", "090-1234-5678", "4111-1111-1111-1111"


def chat(row: int, *turns: tuple[str, str], **extra: Any) -> dict[str, Any]:
    """A text-generation sample whose last turn is the completion."""
    messages = [{"role": role, "content": content} for role, content in turns]
    prompt, completion = messages[:-1], messages[-1:]
    asked = next(m["content"] for m in reversed(prompt) if m["role"] == "user")
    return make_sample(row, asked, completion[0]["content"]) | {
        "task": Task.TEXT_GENERATION.value,
        "prompt": prompt,
        "completion": completion,
        "label": None,
        "sample_id": sample_id(Task.TEXT_GENERATION.value, prompt, completion, None),
        **extra,
    }


CHAT = chat(
    0,
    ("system", f"You answer for Aoba. Escalate to {MAIL}."),
    ("user", f"My name is Karen Whitfield, mail {MAIL}"),
    ("assistant", f"Thank you, Mrs. Whitfield. Is it {PHONE}?"),
    ("user", f"yes, call me at {PHONE}"),
    ("assistant", f"We will call {PHONE}, Mrs. Whitfield."),
)


def find(row: dict[str, Any], **settings: Any) -> list[dict[str, Any]]:
    found = find_personal_data(build_table([row], SAMPLE), PrivacySettings(**settings), KEY).to_pylist()
    return [f | {k: json.loads(f[k]) for k in ("evidence", "suggestion")} for f in found]


def curate(row: dict[str, Any], **settings: Any) -> tuple[pa.Table, pa.Table]:
    """The sample as the snapshot keeps it, and as it sets it aside."""
    samples = build_table([row], SAMPLE)
    found = find_personal_data(samples, PrivacySettings(**settings), KEY)
    judgement = judge(samples, found, {}, {})
    return assemble(samples, judgement.dispositions, judgement.edits, SplitSettings(), has_evaluation=True)


def test_every_message_is_looked_at_and_redacted() -> None:
    (finding,) = find(CHAT)
    fields = {span["field"] for span in finding["evidence"]["spans"]}
    assert fields == {"prompt[0]", "prompt[1]", "prompt[2]", "input", "target"}
    kept, _ = curate(CHAT)
    (edited,) = kept.to_pylist()
    contents = [message["content"] for message in [*edited["prompt"], *edited["completion"]]]
    assert contents == [
        "You answer for Aoba. Escalate to [EMAIL].",
        "My name is [PERSON], mail [EMAIL]",
        "Thank you, [PERSON]. Is it [PHONE]?",
        "yes, call me at [PHONE]",
        "We will call [PHONE], [PERSON].",
    ]
    assert (edited["input"], edited["target"]) == (contents[3], contents[4])
    assert edited["sample_id"] == sample_id(edited["task"], edited["prompt"], edited["completion"], None)
    assert edited["edited_from"] == CHAT["sample_id"] != edited["sample_id"]
    assert find({name: edited[name] for name in SAMPLE.names}) == []


def test_a_completion_of_several_messages_is_edited_message_by_message() -> None:
    row = chat(0, ("user", "who?"), ("assistant", "x"))
    completion = [
        {"role": "assistant", "content": f"mail {MAIL}"},
        {"role": "assistant", "content": "or call"},
    ]
    row |= {"completion": completion, "target": f"mail {MAIL}\nor call"}
    assert text_fields(row).keys() == {"input", "completion[0]", "completion[1]"}
    (edited,) = curate(row)[0].to_pylist()
    assert [m["content"] for m in edited["completion"]] == ["mail [EMAIL]", "or call"]
    assert edited["target"] == "mail [EMAIL]\nor call"


def test_a_tool_message_behind_the_last_question_is_no_input() -> None:
    row = chat(0, ("user", "who?"), ("tool", f"found {MAIL}"), ("assistant", "A customer."))
    assert text_fields(row) == {"input": "who?", "prompt[1]": f"found {MAIL}", "target": "A customer."}
    (edited,) = curate(row)[0].to_pylist()
    assert [m["content"] for m in edited["prompt"]] == ["who?", "found [EMAIL]"]
    assert edited["input"] == "who?"


def test_an_edit_of_a_message_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("no prompt[7]: its prompt has 4 messages")):
        edit_sample(CHAT, {"prompt[7]": "x"})


def test_pseudonyms_hold_through_a_conversation() -> None:
    (edited,) = curate(CHAT, otherwise="pseudonym")[0].to_pylist()
    contents = [message["content"] for message in [*edited["prompt"], *edited["completion"]]]
    text = "\n".join(contents)
    for value in (MAIL, PHONE, "Karen", "Whitfield"):
        assert value not in text
    mails = set(re.findall(r"[a-z.0-9]+@example\.com", text))
    phones = set(re.findall(r"090-0\d{3}-\d{4}", text))
    assert (len(mails), len(phones)) == (1, 1)
    (full,) = re.findall(r"My name is (\w+) (\w+),", text)
    assert re.findall(r"Mrs\. (\w+)", text) == [full[1]] * 2


VALUES = {
    Kind.EMAIL: ["taro@example.com", "a.b@corp.co.jp"],
    Kind.PHONE: ["090-1234-5678", "03-1234-5678", "+81 90-1234-5678", "+44 20 7946 0958", "(212) 555-0123"],
    Kind.POSTAL_CODE: ["〒100-0001", "35350", "SW1A 1AA"],
    Kind.ADDRESS: ["東京都千代田区丸の内1-2-3", "31 Larkspur Crescent"],
    Kind.PERSON: [
        "佐藤",
        "山田 太郎",
        "サトウ ハナコ",
        "さとう はなこ",
        "Karen Whitfield",
        "Mr. Okonkwo",
        "Morgan Pell",
    ],
    Kind.BIRTH_DATE: ["1985-04-12", "昭和60年4月1日", "12 April 1985"],
    Kind.MY_NUMBER: ["123456789018", "1234-5678-9018"],
    Kind.CORPORATE_NUMBER: ["8315118291390", "T8315118291390"],
    Kind.SSN: ["460-89-9847", "987-65-4321"],
    Kind.PASSPORT: ["TK1234567"],
    Kind.DRIVER_LICENSE: ["F162823540116"],
    Kind.CREDIT_CARD: ["4111 1111 1111 1111"],
    Kind.BANK_ACCOUNT: ["0012345"],
    Kind.IBAN: ["GB82 WEST 1234 5698 7654 32"],
    Kind.IP_ADDRESS: ["10.20.30.40", "6e40:4041:c617:e898:c11:40d2:c669:2eb4"],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in VALUES for value in VALUES[kind]])
def test_a_surrogate_is_stable_and_never_the_value(kind: Kind, value: str) -> None:
    surrogates = Surrogates(KEY)
    invented = [surrogates.invent(kind, value, f"document {number}") for number in range(60)]
    assert invented == [Surrogates(KEY).invent(kind, value, f"document {number}") for number in range(60)]
    assert invented != [
        Surrogates(bytes(32)).invent(kind, value, f"document {number}") for number in range(60)
    ]
    assert value not in invented
    assert not any(item.startswith("[") for item in invented)
    assert len(set(invented)) >= 5
    for part in value.split(" ") if kind is Kind.PERSON and not value.startswith("Mr.") else ():
        assert not any(part in item.split(" ") for item in invented)


def test_surrogates_are_nobodys() -> None:
    surrogates = Surrogates(KEY)
    for number in range(200):
        scope = str(number)
        assert not passes_luhn(re.sub(r"\D", "", surrogates.invent(Kind.CREDIT_CARD, CARD, scope)))
        assert not passes_my_number(surrogates.invent(Kind.MY_NUMBER, "123456789018", scope))
        assert surrogates.invent(Kind.EMAIL, MAIL, scope).endswith("@example.com")
        assert "555-01" in surrogates.invent(Kind.PHONE, "(212) 555-0123", scope)
        assert surrogates.invent(Kind.IP_ADDRESS, "10.20.30.40", scope).startswith(
            ("192.0.2.", "198.51.100.", "203.0.113.")
        )


def test_one_number_written_in_two_ways_has_one_surrogate() -> None:
    surrogates = Surrogates(KEY)
    ways = {
        surrogates.invent(Kind.PHONE, way, "d")
        for way in ("090-1234-5678", "０９０−１２３４−５６７８", "09012345678")
    }
    assert len(ways) == 1
    assert (
        surrogates.invent(Kind.PERSON, "佐藤", "d")
        == surrogates.invent(Kind.PERSON, "佐藤 太郎", "d").split()[0]
    )


def test_quarantine_holds_the_sample_and_other_kinds_are_still_told() -> None:
    found = {f["check"]: f for f in find(CHAT, action={"PHONE": "quarantine"})}
    assert found.keys() == {"personal_data", "personal_data_quarantined"}
    assert found["personal_data_quarantined"]["evidence"]["kinds"] == ["PHONE"]
    assert "PHONE" not in found["personal_data"]["evidence"]["kinds"]
    kept, aside = curate(CHAT, action={"PHONE": "quarantine"})
    assert (len(kept), aside["check"].to_pylist()) == (0, ["personal_data_quarantined"])


def test_blocked_data_stops_the_line_masked() -> None:
    row = chat(4, ("user", f"card {CARD}"), ("assistant", "ok"), uri="tickets.jsonl", line=5)
    found = find_personal_data(
        build_table([row], SAMPLE), PrivacySettings(action={Kind.CREDIT_CARD: PersonalAction.BLOCK})
    )
    assert found["severity"].to_pylist() == ["critical"]
    with pytest.raises(DataGateError) as caught:
        require_none_blocked(found)
    assert caught.value.exit_code == ExitCode.DATA_GATE == 10
    message = str(caught.value)
    assert "personal_data_blocked" in found["check"].to_pylist()
    assert "tickets.jsonl:5, input, 5-24: CREDIT_CARD ****-****-****-****" in message
    assert "1111" not in message
    require_none_blocked(find_personal_data(build_table([row], SAMPLE)))


def test_allowed_and_uncertain_values_stay() -> None:
    row = chat(0, ("user", "電話は０１２０－４４４－４４４か090-1234-5678"), ("assistant", f"{MAIL}"))
    settings = {"allow_list": ("0120-444-444", "/.*@corp\\.test\\.com/")}
    (finding,) = find(row, **settings)
    assert [s["masked"] for s in finding["evidence"]["spans"]] == ["***-****-****"]
    assert find(row, **settings, action={"PHONE": "allow"}) == []
    unsure = chat(0, ("user", "yes 5432 1469 9854 8246"), ("assistant", "ok"))
    assert len(find(unsure)) == 1
    assert find(unsure, min_confidence=0.5) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"recognizer": "presidio"}, "recognizer='presidio' and models={}"),
        ({"models": {"en": "x"}}, "recognizer=None and models="),
        (
            {"recognizer": "presidio", "models": {"en": "x"}, "action": {"PERSON": "allow"}},
            "recognizer='presidio' finds names, which action 'allow' for PERSON",
        ),
        ({"action": {"SECRET": "pseudonym"}}, "action 'pseudonym' for SECRET"),
        ({"allow_list": ["/[/"]}, "is no regular expression"),
        ({"allow_list": ["/.*/"]}, "fits the empty text too"),
        ({"allow_list": [" "]}, "an empty value"),
        ({"action": {"SHOE_SIZE": "redact"}}, "SHOE_SIZE"),
        ({"min_confidence": 1.5}, "less than or equal to 1"),
    ],
)
def test_contradictions_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        PrivacySettings(**settings)


@pytest.mark.parametrize(
    ("action", "policy", "message"),
    [
        (
            "redact",
            {"personal_data": "keep"},
            "policy.personal_data='keep' undoes privacy.action {EMAIL: redact}",
        ),
        ("quarantine", {"personal_data_quarantined": "keep"}, "undoes privacy.action {EMAIL: quarantine}"),
        ("block", {"personal_data_blocked": "drop"}, "stops the line before the judge"),
    ],
)
def test_a_policy_against_the_actions_is_refused(action: str, policy: dict[str, str], message: str) -> None:
    recipe = {"name": "x", "task": "text-generation", "sources": [{"path": "a.jsonl"}], "policy": policy}
    with pytest.raises(ValidationError, match=re.escape(message)):
        Recipe.model_validate(recipe | {"privacy": {"action": {"EMAIL": action}}})


def test_secrets_get_a_placeholder_where_everything_else_is_invented() -> None:
    row = chat(0, ("user", "password: hunter2"), ("assistant", "ok"))
    (finding,) = find(row, otherwise="pseudonym")
    assert finding["suggestion"]["input"] == "password: [SECRET]"


def test_pseudonyms_need_a_key() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        find_personal_data(build_table([CHAT], SAMPLE), PrivacySettings(otherwise=PersonalAction.PSEUDONYM))
    with pytest.raises(ValueError, match="16 bytes or more, got 3"):
        Surrogates(b"abc")


@pytest.mark.parametrize("action", ["redact", "pseudonym", "quarantine", "block"])
def test_no_file_of_the_stage_holds_a_value(
    workspace: Workspace, action: str, capsys: Any, caplog: Any
) -> None:
    samples = workspace.write_table(build_table([CHAT], SAMPLE), "samples")
    before = {path for path in Path(workspace.root).rglob("*") if path.is_file()}
    settings = PrivacySettings(otherwise=PersonalAction(action))
    said = ""
    try:
        find_personal_data_stage.fn(workspace, samples, settings, mark_secret(workspace, settings))
    except DataGateError as error:
        said = str(error)
    assert bool(said) == (action == "block")
    left = [path for path in Path(workspace.root).rglob("*") if path.is_file() and path not in before]
    kept = {"findings", "privacy.key"} if action == "pseudonym" else {"findings"}
    assert {path.name.split("-")[0] for path in left} == kept
    tables = [workspace_table(path) for path in left if path.suffix == ".parquet"]
    raw = [path.read_bytes().decode("utf-8", "replace") for path in left]
    everything = "\n".join([*tables, *raw, said, *capsys.readouterr(), caplog.text])
    assert "EMAIL" in everything
    for value in (MAIL, "karen.whitfield", PHONE, "1234-5678", "Karen", "Whitfield"):
        assert value not in everything


def workspace_table(path: Path) -> str:
    import pyarrow.parquet as pq

    return json.dumps(pq.read_table(path).to_pylist(), ensure_ascii=False)


def test_the_key_is_made_once_and_for_its_owner(workspace: Workspace) -> None:
    key = workspace_key(workspace)
    assert (len(key), workspace_key(workspace)) == (32, key)
    assert workspace.path("privacy.key").stat().st_mode & 0o077 == 0


def test_a_new_key_gives_new_pseudonyms(workspace: Workspace) -> None:
    """Not those of the stage's cache."""
    samples = workspace.write_table(build_table([CHAT], SAMPLE), "samples")
    settings = PrivacySettings(otherwise=PersonalAction.PSEUDONYM)

    def find() -> tuple[str, list[str]]:
        given = (workspace, samples, settings, mark_secret(workspace, settings))
        names = ("workspace", "samples", "settings", "secret")
        key = find_personal_data_stage.cache_policy.cache_key_fn(None, dict(zip(names, given, strict=True)))
        found = workspace.read_table(find_personal_data_stage.fn(*given))
        return key, found["suggestion"].to_pylist()

    first = find()
    assert find() == first
    workspace.path("privacy.key").unlink()
    second = find()
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert mark_secret(workspace, PrivacySettings()) is None


def test_a_recognizer_that_is_not_installed_is_named() -> None:
    try:
        import presidio_analyzer  # noqa: F401
    except ImportError:
        from tasks.privacy.presidio import PresidioRecognizer

        with pytest.raises(SeimaiError, match="needs the package presidio-analyzer"):
            PresidioRecognizer("en", "en_core_web_sm")


def test_redacted_and_invented_mail_is_not_the_example(workspace: Workspace) -> None:
    invented = Surrogates(workspace_key(workspace)).invent(Kind.EMAIL, MAIL, "d")
    assert [span.kind for span in find_spans(invented)] == [Kind.EMAIL]


def test_a_steward_edits_any_message(workspace: Workspace) -> None:
    ledger = Ledger(workspace.ledger_url)
    flagged = {
        "row": 0,
        "sample_id": CHAT["sample_id"],
        "disposition": "quarantine",
        "check": "personal_data",
    }
    flagged |= {"reason": "", "sample": json.dumps(CHAT), "findings": "[]"}
    ledger.add_snapshot("s1", "chats", "snapshots/s1", {}, rows_at_hand([flagged]))
    change = {"prompt[0]": "You answer for Aoba."}
    row = decide(ledger, CHAT["sample_id"][:12], Action.EDIT, change, "no mail", "aki")
    assert row["sample"]["prompt"][0]["content"] != change["prompt[0]"]
    decisions = ledger.decisions()
    assert decisions[CHAT["sample_id"]]["payload"] == change
    samples = build_table([CHAT], SAMPLE)
    judgement = judge(samples, find_personal_data(samples), {}, decisions)
    kept, _ = assemble(samples, judgement.dispositions, judgement.edits, SplitSettings(), has_evaluation=True)
    assert kept["prompt"].to_pylist()[0][0]["content"] == change["prompt[0]"]
    for refused, why in (
        ({"prompt[9]": "x"}, "no prompt[9]"),
        ({"prompt": "x"}, "edit takes label, input, target or a"),
    ):
        with pytest.raises(SeimaiError, match=re.escape(why)):
            decide(ledger, CHAT["sample_id"][:12], Action.EDIT, refused, "", "aki")
