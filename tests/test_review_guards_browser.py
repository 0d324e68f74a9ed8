"""The label's list in a browser, by key, mouse and finger; and how long a page keeps its item."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from test_review_browser import LABELS, Queue, browser, open_page, press, queue, shared, shown_sample

from tasks.ledger.desk import Desk
from tasks.ledger.moves import item_is
from tasks.ledger.tables import LEASES

__all__ = ["browser", "open_page", "queue", "shared"]  # fixtures


def relabelled(queue: Queue, name: str) -> list[str]:
    return [row["payload"]["label"] for row in queue.decisions() if row["sample_id"] == name]


def other_label(page: Any) -> str:
    own = page.locator("#label").input_value()
    return next(label for label in LABELS if label != own)


def test_a_label_is_chosen_by_keyboard(queue: Queue, open_page: Callable[..., Any]) -> None:
    page = open_page(queue.server, f"{queue.path}/next")
    name, wanted = shown_sample(page), other_label(page)
    page.keyboard.press("r")
    assert page.evaluate("() => document.activeElement.id") == "label"
    for letter in wanted[:3]:
        page.keyboard.press(letter)  # typed in the list, no shortcut
    assert page.locator("#label").input_value() == wanted
    assert shown_sample(page) == name
    press(page, "Enter")
    assert relabelled(queue, name) == [wanted]


def test_a_choice_in_the_open_list_decides_nothing_yet(queue: Queue, open_page: Callable[..., Any]) -> None:
    page = open_page(queue.server, f"{queue.path}/next")
    name = shown_sample(page)
    page.keyboard.press("r")
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert shown_sample(page) == name
    assert queue.decisions() == []
    wanted = page.locator("#label").input_value()
    press(page, "Enter")
    assert relabelled(queue, name) == [wanted]


@pytest.mark.parametrize(
    "options", [{}, {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 800}}]
)
def test_a_label_is_chosen_by_mouse_and_by_finger(
    queue: Queue, open_page: Callable[..., Any], options: dict[str, Any]
) -> None:
    page = open_page(queue.server, f"{queue.path}/next", **options)
    name, wanted = shown_sample(page), other_label(page)
    page.locator("#label").select_option(wanted)
    save = page.locator('[data-save="label"]')
    before = page.url
    save.tap() if options else save.click()
    page.wait_for_function("url => location.href !== url", arg=before)
    assert relabelled(queue, name) == [wanted]


def test_a_page_that_is_read_keeps_its_item_and_a_forgotten_one_lets_it_go(
    queue: Queue, open_page: Callable[..., Any]
) -> None:
    """What it sends of itself is told from what somebody does: a session idles all the same."""
    page = open_page(queue.server, "/")
    page.clock.install()
    page.goto(f"{queue.path}/next")
    name, sent = shown_sample(page), []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/draft") else None)

    def signs(minutes: int, use: Callable[[], Any] = lambda: None) -> list[bool]:
        """Of each sign of life from a use on, whether somebody used the page before it."""
        sent.clear()
        use()
        for _ in range(minutes):
            page.clock.run_for(60_000)
        page.wait_for_timeout(200)
        assert {(request.method, name in request.url) for request in sent} <= {("POST", True)}
        return ["x-only-read" not in request.headers for request in sent]

    assert signs(30) == [True] + [False] * 13  # opened, then read
    assert signs(10) == []
    for use in (
        lambda: page.mouse.move(50, 60),
        lambda: page.keyboard.press("Shift"),
        lambda: page.mouse.wheel(0, 40),
    ):
        assert signs(4, use) == [True, False]
    assert signs(10, lambda: see(page, "hidden")) == []
    assert signs(4, lambda: see(page, "visible")) == [True, False, False]
    assert queue.decisions() == []


def see(page: Any, state: str) -> None:
    """Tells a page that its tab is hidden, or is seen again, as a browser with a screen does."""
    page.evaluate(
        """state => {
            Object.defineProperty(document, "hidden", { configurable: true, value: state === "hidden" });
            Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def test_an_item_that_is_read_quietly_stays_the_reader_s(queue: Queue, open_page: Callable[..., Any]) -> None:
    """Over the real server: the lease is made to run out, and the page's own request brings it back."""
    page = open_page(queue.server, "/")
    page.clock.install()
    page.goto(f"{queue.path}/next")
    name, desk = shown_sample(page), Desk(queue.server.ledger)
    mine = item_is(LEASES, queue.recipe, name)
    for kept in (True, False):
        with desk.engine.begin() as connection:
            connection.execute(LEASES.update().where(*mine).values(until=time.time() + 5))
        if kept:
            with page.expect_response("**/draft") as answer:
                page.clock.run_for(121_000)
            assert answer.value.status == 204
        else:
            page.clock.fast_forward(1_800_000)
            page.clock.run_for(600_000)
        time.sleep(5)
        assert (desk.take(queue.recipe, name, "somebody else") is not None) is kept
