"""The review page in a real browser, over a real server process: keys, composition, races, kill -9, accessibility."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from conftest import make_samples

from review.passwords import hash_password
from tasks.duplicates.find import find_duplicates
from tasks.judge import judge
from tasks.ledger import Ledger
from tasks.ledger.decisions import standing_decisions
from tasks.ledger.desk import Desk
from tasks.ledger.filters import Filter
from tasks.ledger.guidelines import Guidelines
from tasks.ledger.moves import Choice, State
from tasks.ledger.people import People
from tasks.ledger.tables import SESSIONS
from tasks.recipe import DuplicateSettings, ReviewSettings, SplitSettings
from tasks.records import FINDING, Action, build_table, canonical_json
from tasks.review_queue import build_queue
from tasks.snapshot import assemble
from tasks.storage import Workspace

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine (apt-get install chromium)"
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LABELS = ("delivery", "refund", "repair")
AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
PATIENCE = 30_000  # milliseconds: the machine is shared


def samples_of(recipe: str) -> pa.Table:
    """Texts that no other recipe has: decisions are by content."""
    texts = [f"{recipe} {i} 番の問い合わせです。湯沸かしが動きません。" for i in range(60)]
    return make_samples([(text, LABELS[i % 3]) for i, text in enumerate(texts)])


def findings_of(samples: pa.Table, count: int) -> pa.Table:
    rows = []
    for i in range(count):
        own = samples["label"][i].as_py()
        other = LABELS[(i + 1) % 3]
        rows.append(
            {
                "row": i,
                "sample_id": samples["sample_id"][i].as_py(),
                "stage": "label_noise",
                "check": "label_noise",
                "severity": "warning",
                "score": i / 1000,
                "threshold": 0.8,
                "reason": f"label {own!r} has probability {i / 1000:.2f}, {other!r} 0.80",
                "evidence": canonical_json(
                    {
                        "labels": [
                            {"label": other, "probability": 0.8},
                            {"label": own, "probability": i / 1000},
                        ],
                        "neighbours": [],
                    }
                ),
                "suggestion": canonical_json({"action": "relabel", "label": other, "probability": 0.8}),
            }
        )
    return build_table(rows, FINDING)


class Served:
    """A review server in a process of its own."""

    def __init__(self, workspace: Workspace, *options: str) -> None:
        self.workspace = workspace
        self.options = options
        self.ledger = Ledger(workspace.ledger_url)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-c", "from flows.cli import main; main()", "review"]
        root = str(Path(__file__).parents[1])
        self.process = subprocess.Popen(
            [*command, "-w", self.workspace.root, "--port", str(self.port), *self.options],
            env=os.environ | {"PYTHONPATH": root},
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/static/review.css", timeout=2):
                    return
            except OSError:
                assert self.process.poll() is None, "the server ended"
                time.sleep(0.2)
        raise AssertionError("the server did not answer within 90 s")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Queue(NamedTuple):
    """One test's own recipe on a server."""

    server: Served
    recipe: str
    samples: pa.Table

    @property
    def path(self) -> str:
        return f"/queues/{self.recipe}/label_noise"

    def decisions(self) -> list[dict[str, Any]]:
        """Those about the recipe's samples, the oldest first."""
        own = set(self.samples["sample_id"].to_pylist())
        return [row for row in self.server.ledger.all_decisions() if row["sample_id"] in own]


def fill(server: Served, recipe: str) -> Queue:
    samples = samples_of(recipe)
    findings = findings_of(samples, 30)
    settled = judge(samples, findings, {}, {}).dispositions
    queue = build_queue(samples, settled, findings, ReviewSettings(random_share=0, overlap_share=0), 0)
    Desk(server.ledger).fill(recipe, "snap", queue.items, queue.facts)
    return Queue(server, recipe, samples)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server of every test that does not kill it."""
    server = Served(Workspace(root=str(tmp_path_factory.mktemp("review") / "workspace")))
    yield server
    server.kill()


@pytest.fixture
def queue(shared: Served) -> Queue:
    return fill(shared, f"intents-{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page of a server in a browser profile of its own; errors in its console fail the test."""
    contexts, errors = [], []

    def open_at(server: Served, path: str, **options: Any) -> Any:
        context = browser.new_context(locale="en-GB", base_url=server.url, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert errors == []


def shown_sample(page: Any) -> str:
    """The sample_id of the item that is shown."""
    return str(page.url.split("/items/")[1].split("?")[0])


def wait_for_item(page: Any, name: str) -> None:
    """Waits until the item's page is there: after a step through the history its address comes first."""
    page.locator("h1", has_text=name[:12]).wait_for()


def press(page: Any, key: str) -> None:
    """A key that decides: waits until another item, or the list, is shown and has the focus."""
    before = page.url
    page.evaluate(
        "() => { document.querySelector('main').dataset.left = 'yes' }"
    )  # the address changes first
    page.keyboard.press(key)
    page.wait_for_function("url => location.href !== url", arg=before)
    page.wait_for_function("() => document.activeElement.matches('main:not([data-left]) h1')")


def test_a_steward_clears_a_queue_by_keyboard_and_the_next_run_does_as_told(
    queue: Queue, open_page: Callable[..., Any]
) -> None:
    page = open_page(queue.server, f"{queue.path}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/**")
    told: dict[str, tuple[str, Any]] = {}

    name = shown_sample(page)  # relabelled by the suggestion's digit
    press(page, "1")
    told[name] = ("relabel", queue.decisions()[-1]["payload"]["label"])

    name = shown_sample(page)  # dropped, then taken back, then kept
    press(page, "d")
    press(page, "u")
    assert shown_sample(page) == name
    press(page, "k")
    told[name] = ("keep", None)

    name = shown_sample(page)  # edited in Japanese, by composition
    page.keyboard.press("e")
    page.locator("#input").press("End")
    page.locator("#input").press("Control+End")
    device = page.context.new_cdp_session(page)
    for partial in ("d", "だ", "だk", "だく", "だくと"):
        device.send(
            "Input.imeSetComposition",
            {"text": partial, "selectionStart": len(partial), "selectionEnd": len(partial)},
        )
    assert shown_sample(page) == name, "a key of the composition was taken for a shortcut"
    device.send("Input.insertText", {"text": "ダクト"})
    page.keyboard.press("Control+Enter")
    page.wait_for_function("name => !location.href.includes(name)", arg=name)
    page.wait_for_function("() => document.activeElement.tagName === 'H1'")
    told[name] = ("edit", "ダクト")

    while "/items/" in page.url:
        name = shown_sample(page)
        press(page, "d" if len(told) % 2 else "k")
        told[name] = ("drop" if len(told) % 2 else "keep", None)
    assert len(told) == 30
    assert Desk(queue.server.ledger).count_items(Filter(queue.recipe, state=State.OPEN)) == 0

    decisions = standing_decisions(queue.decisions())
    assert {name: row["action"] for name, row in decisions.items()} == {n: t[0] for n, t in told.items()}
    judgement = judge(queue.samples, findings_of(queue.samples, 30), {}, decisions)
    kept, aside = assemble(queue.samples, judgement.dispositions, judgement.edits, SplitSettings(), False)
    by_origin = {row["edited_from"] or row["sample_id"]: row for row in kept.to_pylist()}
    for name, (action, value) in told.items():
        assert (name in by_origin) == (action != "drop")
        if action == "relabel":
            assert by_origin[name]["label"] == value
        if action == "edit":
            assert by_origin[name]["input"].endswith("ダクト")
    assert len(kept) + len(aside) == len(queue.samples)
    assert judgement.rescued == sum(action != "drop" for action, _ in told.values())


def test_a_key_in_the_moment_an_item_appears_leaves_the_page_where_it_is(
    queue: Queue, open_page: Callable[..., Any]
) -> None:
    """Where htmx took its time to see to new content, the key sent a plain form: a new page, the focus on nothing."""
    page = open_page(queue.server, f"{queue.path}/next")
    page.evaluate("""() => {
        window.same = true;
        new MutationObserver((changes, observer) => {
            observer.disconnect();
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "d", bubbles: true }));
        }).observe(document.body, { childList: true });
    }""")
    page.keyboard.press("d")
    deadline = time.monotonic() + 30
    while len(queue.decisions()) < 2 and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert len(queue.decisions()) == 2
    page.wait_for_function("() => document.activeElement.tagName === 'H1'")
    assert page.evaluate("() => window.same === true")


def test_a_held_key_decides_about_one_item_alone(queue: Queue, open_page: Callable[..., Any]) -> None:
    """A second press of a key that stays down is a repeat, as the browser tells."""
    page = open_page(queue.server, f"{queue.path}/next")
    press(page, "k")
    for _ in range(5):
        page.keyboard.down("k")
        page.wait_for_timeout(100)
    assert len(queue.decisions()) == 2
    page.keyboard.up("k")
    page.keyboard.press("n")
    page.keyboard.down("a")
    page.keyboard.down("a")
    assert page.locator("#note").input_value() == "aa"  # while typing, a held key is one's own
    page.keyboard.up("a")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.down("Enter")
    page.wait_for_timeout(500)
    page.keyboard.down("Enter")
    page.wait_for_timeout(500)
    assert len(queue.decisions()) == 3


def test_enter_does_what_is_chosen_and_nothing_else(queue: Queue, open_page: Callable[..., Any]) -> None:
    page = open_page(queue.server, queue.path)
    press(page, "Enter")  # starts
    name = shown_sample(page)
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert (shown_sample(page), queue.decisions()) == (name, [])
    page.keyboard.press("ArrowDown")
    suggestion = page.locator(".choice[data-chosen]").inner_text()
    page.keyboard.press("n")  # the choice stays marked while the note is typed
    page.keyboard.press("Escape")
    press(page, "Enter")
    [decision] = queue.decisions()
    assert (decision["sample_id"], decision["action"]) == (name, "relabel")
    assert decision["payload"]["label"] in suggestion


def test_the_next_item_has_an_address_of_its_own(queue: Queue, open_page: Callable[..., Any]) -> None:
    """It comes with the answer to a request for the next one, whatever that is."""
    page = open_page(queue.server, f"{queue.path}/next")
    first = shown_sample(page)
    press(page, "k")
    name, address = shown_sample(page), page.url
    assert name in address
    assert name != first
    page.reload()
    assert shown_sample(page) == name
    page.go_back()
    wait_for_item(page, first)
    page.go_forward()
    wait_for_item(page, name)
    press(page, "d")
    last = page.url
    page.get_by_role("button", name="日本語").click()
    page.wait_for_function("() => document.documentElement.lang === 'ja'")
    assert page.url == last


def test_a_page_that_is_used_keeps_its_item(queue: Queue, open_page: Callable[..., Any]) -> None:
    page = open_page(queue.server, f"{queue.path}/next")
    name = shown_sample(page)
    page.clock.install()
    page.reload()
    page.mouse.move(50, 60)
    with page.expect_response("**/draft") as answer:
        page.clock.fast_forward(121_000)
    assert answer.value.status == 204
    assert name in answer.value.url
    assert queue.decisions() == []


def test_shortcuts_sleep_while_typing_and_can_be_turned_off(
    queue: Queue, open_page: Callable[..., Any]
) -> None:
    page = open_page(queue.server, f"{queue.path}/next")
    name = shown_sample(page)
    page.keyboard.press("n")
    page.keyboard.type("kdx1u")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+d")
    assert page.locator("#note").input_value() == "kdx1u"
    page.keyboard.press("?")
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.wait_for_timeout(500)
    assert shown_sample(page) == name
    assert queue.decisions() == []


def test_two_browsers_never_decide_one_item_unnoticed_and_nothing_typed_is_lost(
    queue: Queue, open_page: Callable[..., Any]
) -> None:
    first = open_page(queue.server, f"{queue.path}/next")
    name = shown_sample(first)
    second = open_page(queue.server, f"/items/{name}?recipe={queue.recipe}&queue=label_noise")
    press(second, "d")
    first.keyboard.press("n")
    first.keyboard.type("いいえ、これは正しい")
    first.keyboard.press("Escape")
    first.keyboard.press("k")
    first.get_by_role("heading", name="Somebody was faster").wait_for()
    [decision] = queue.decisions()
    assert decision["action"] == "drop"
    draft = Desk(queue.server.ledger).draft(queue.recipe, name, decision["actor"])
    assert draft == {"note": "いいえ、これは正しい"}


def test_a_page_whose_session_ended_keeps_what_is_typed_and_goes_on_after_a_sign_in_elsewhere(
    tmp_path: Path, open_page: Callable[..., Any]
) -> None:
    workspace = Workspace(root=str(tmp_path / "workspace"))
    people = People(Ledger(workspace.ledger_url))
    people.add("aki", "admin", hash_password("a long enough password"), "test")
    server = Served(workspace)

    def sign_in(page: Any) -> None:
        page.get_by_label("name").fill("aki")
        page.get_by_label("password").fill("a long enough password")
        page.locator("main button").click()
        page.get_by_role("button", name="Sign out").wait_for()

    try:
        queue = fill(server, "ended")
        page = open_page(server, f"{queue.path}/next")
        sign_in(page)
        name = shown_sample(page)
        with people.engine.begin() as connection:
            connection.execute(SESSIONS.delete())
        page.keyboard.press("n")
        assert page.locator("#signed-out").is_hidden()
        page.keyboard.type("一言")
        page.locator("#signed-out").wait_for(state="visible")
        page.keyboard.press("Escape")
        page.keyboard.press("k")
        page.wait_for_timeout(500)
        assert (shown_sample(page), page.locator("#note").input_value()) == (name, "一言")
        assert queue.decisions() == []
        other = page.context.new_page()
        other.goto("/sign-in")
        sign_in(other)
        other.close()
        page.evaluate("() => dispatchEvent(new Event('focus'))")
        page.locator("#signed-out").wait_for(state="hidden")
        press(page, "k")
        [decision] = queue.decisions()
        assert (decision["sample_id"], decision["reason"]) == (name, "一言")
    finally:
        server.kill()


def test_a_killed_server_has_each_decision_once_or_not_at_all(
    tmp_path: Path, open_page: Callable[..., Any]
) -> None:
    """Killed at two moments of a decision; what it had answered with the next item is never lost."""
    server = Served(Workspace(root=str(tmp_path / "workspace")))
    try:
        queue = fill(server, "killed")
        page = open_page(server, f"{queue.path}/next")
        answered: list[str] = []
        for delay in (0.0, 0.03):
            answered.append(shown_sample(page))
            press(page, "d")
            name = shown_sample(page)
            page.evaluate("() => document.querySelector('button[value=drop]').click()")
            time.sleep(delay)
            server.kill()
            server.start()
            before = [row["sample_id"] for row in queue.decisions()]
            assert before in (answered, [*answered, name])
            page.goto(f"/items/{name}?recipe=killed&queue=label_noise")
            if name not in before:
                press(page, "d")
            answered.append(name)
            assert [(row["sample_id"], row["action"]) for row in queue.decisions()] == [
                (done, "drop") for done in answered
            ]
            page.goto(f"{queue.path}/next")
    finally:
        server.kill()


def test_the_core_works_without_javascript(queue: Queue, open_page: Callable[..., Any]) -> None:
    page = open_page(queue.server, "/", java_script_enabled=False)
    page.locator(f"a.button[href='{queue.path}/next']").click()
    name = shown_sample(page)
    page.locator("button[value=drop]").click()
    assert shown_sample(page) != name
    page.locator(".flash button").click()
    assert shown_sample(page) == name
    assert standing_decisions(queue.decisions()) == {}


@pytest.fixture
def cluster(shared: Served) -> Queue:
    """A recipe whose queue holds six near-copies, one of them with another label, and one with personal data."""
    recipe = f"copies-{uuid.uuid4().hex[:8]}"
    text = (
        recipe
        + ": 五月に買った湯沸かしが一週間で動かなくなりました。修理の送り先を教えてください。注文番号は{}です。"
    )
    rows = [(text.format(f"A-10{i}"), "repair") for i in range(5)] + [(text.format("A-107"), "refund")]
    rows.append((f"{recipe}: 電話は090-1234-5678です。担当の白鳥まで。", "delivery"))
    rows.append((f"{recipe}: 電話は090-1234-5678です。担当の白鳥まで!", "delivery"))
    found = find_duplicates(make_samples(rows, date="2026-05-01"), DuplicateSettings())
    settled = judge(found.samples, found.findings, {}, {}).dispositions
    settings = ReviewSettings(random_share=0, overlap_share=0)
    queue = build_queue(found.samples, settled, found.findings, settings, 0)
    Desk(shared.ledger).fill(recipe, "snap", queue.items, queue.facts)
    return Queue(shared, recipe, found.samples)


def test_a_cluster_is_merged_by_keyboard_and_taken_back(
    cluster: Queue, open_page: Callable[..., Any]
) -> None:
    name = cluster.samples["sample_id"][0].as_py()
    page = open_page(cluster.server, f"/items/{name}?recipe={cluster.recipe}")
    page.keyboard.press("c")
    page.wait_for_url("**/cluster?**")
    page.locator(".member").first.wait_for()
    assert page.locator(".member").count() == 6
    assert page.locator(".member del").count() >= 5
    assert page.locator(".flash").get_by_text("The members disagree").is_visible()
    page.keyboard.press("3")
    stands = page.locator("input[name=stands]:checked").input_value()
    page.keyboard.press("ArrowDown")  # a radio is focused: the arrow moves among them
    assert page.locator("input[name=stands]:checked").input_value() != stands
    page.keyboard.press("ArrowUp")
    page.keyboard.press("n")
    page.keyboard.type("k は残さない")
    page.keyboard.press("Escape")
    press(page, "Enter")
    decided = standing_decisions(cluster.decisions())
    assert len(decided) == 6
    assert {n for n, row in decided.items() if row["action"] == "keep"} == {stands}
    assert {row["payload"]["into"] for row in decided.values() if row["action"] == "merge"} == {stands}
    assert {row["reason"] for row in decided.values()} == {"k は残さない"}
    press(page, "u")
    assert standing_decisions(cluster.decisions()) == {}


def test_a_cluster_is_decided_and_personal_data_redacted_without_javascript(
    cluster: Queue, open_page: Callable[..., Any]
) -> None:
    names = cluster.samples["sample_id"].to_pylist()
    page = open_page(cluster.server, f"/items/{names[0]}?recipe={cluster.recipe}", java_script_enabled=False)
    page.get_by_role("link", name="the whole cluster").click()
    page.get_by_role("link", name="compare with this one 2").click()
    page.get_by_role("button", name="keep all").click()
    assert {row["action"] for row in standing_decisions(cluster.decisions()).values()} == {"keep"}
    page.get_by_role("button", name="Take it back").click()
    assert standing_decisions(cluster.decisions()) == {}

    name = next(n for n in names[6:] if Desk(cluster.server.ledger).item(n))
    page.goto(f"/items/{name}?recipe={cluster.recipe}")
    page.get_by_role("link", name="Redact personal data").click()
    page.locator("#redact-text").fill("白鳥")
    page.locator("#redact-kind").select_option("PERSON")
    page.get_by_role("button", name="redact").click()
    [decision] = standing_decisions(cluster.decisions()).values()
    assert "電話は[PHONE]です。担当の[PERSON]まで" in decision["payload"]["input"]
    page.locator(".flash button").click()
    assert standing_decisions(cluster.decisions()) == {}


def test_words_marked_in_the_text_are_what_is_redacted(cluster: Queue, open_page: Callable[..., Any]) -> None:
    names = cluster.samples["sample_id"].to_pylist()
    name = next(n for n in names[6:] if Desk(cluster.server.ledger).item(n))
    page = open_page(cluster.server, f"/items/{name}/redact?recipe={cluster.recipe}")
    page.locator(".message .text").dblclick(position={"x": 30, "y": 12})
    picked = page.evaluate("() => getSelection().toString().trim()")
    assert picked
    assert page.locator("#redact-text").input_value() == picked


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(
    queue: Queue, cluster: Queue, open_page: Callable[..., Any], scheme: str, width: int
) -> None:
    guidelines = Guidelines(queue.server.ledger)
    guidelines.write(
        queue.recipe,
        "label_noise",
        "# Rule\n\n| a | b |\n|---|---|\n| 1 | [x](https://example.com) |",
        "",
        "x",
    )
    first = queue.samples["sample_id"][0].as_py()
    Desk(queue.server.ledger).decide(
        queue.recipe, first, 1, Choice(Action.DROP, {}), "a-long-name@example.com"
    )
    names = cluster.samples["sample_id"].to_pylist()
    queued = next(n for n in names[6:] if Desk(cluster.server.ledger).item(n))
    page = open_page(
        queue.server, "/", color_scheme=scheme, viewport={"width": width, "height": 844}, bypass_csp=True
    )
    for path in (
        "/",
        queue.path,
        f"{queue.path}/next",
        "/audit",
        "/people",
        f"/guidelines/{queue.recipe}/label_noise",
        f"/items/{names[0]}?recipe={cluster.recipe}",
        f"/items/{names[0]}/pair?recipe={cluster.recipe}",
        f"/items/{names[0]}/cluster?recipe={cluster.recipe}",
        f"/items/{queued}/redact?recipe={cluster.recipe}",
        "/items/unknown",
    ):
        page.goto(path)
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("async () => (await axe.run()).violations")
        serious = [
            (v["id"], [n["html"][:200] for n in v["nodes"]])
            for v in found
            if v["impact"] in ("serious", "critical")
        ]
        assert serious == [], path
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), (
            f"{path} is wider than the screen"
        )
        if path in ("/audit", queue.path) and width == 390:
            heights = page.evaluate(
                "() => [...document.querySelectorAll('tbody tr')].map(row => row.offsetHeight)"
            )
            assert max(heights) < 844 / 4, f"a row of {path} takes a quarter of the screen"
            assert page.evaluate(
                "() => [...document.querySelectorAll('.scroll')].every(box => box.scrollWidth <= box.clientWidth)"
            ), f"columns of {path} are off the screen"
