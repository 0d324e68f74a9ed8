"""The one place where a passage leaves the machine: a chat completion from an OpenAI-compatible server."""

import logging
import os
import time
from collections.abc import Callable
from typing import Any

import httpx

from tasks.ingest.builders.sample import Message
from tasks.recipe import TeacherSettings

logger = logging.getLogger("seimai.teacher")
RETRIES = 3
_LONGEST_PAUSE = 30.0
"""Seconds; a server that asks for a longer one is not waited for."""


class TeacherError(RuntimeError):
    """No answer from the teacher; `is_final` when asking again about anything would be in vain."""

    def __init__(self, reason: str, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


def ask_openai(
    settings: TeacherSettings, pause: Callable[[float], None] = time.sleep
) -> Callable[[list[Message]], str]:
    """Asks `settings.url`; after 429, 5xx, a time-out or a lost connection up to `RETRIES` times more.

    The key is read from the environment when this is called, and is in no message or log. Redirects are not followed.
    """
    key = os.environ.get(settings.key_variable, "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = settings.url.rstrip("/") + "/chat/completions"

    def ask(messages: list[Message]) -> str:
        body = {"model": settings.model, "messages": messages}
        for attempt in range(RETRIES + 1):
            wait = float(2**attempt)
            try:
                response = httpx.post(url, json=body, headers=headers, timeout=settings.timeout)
            except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError) as error:
                raise TeacherError(f"{url}: {error}", is_final=True) from error
            except httpx.HTTPError as error:
                reason = f"{url}: {type(error).__name__} after at most {settings.timeout:g} s"
            else:
                if response.is_success:
                    return _content_of(response)
                reason = f"{url}: HTTP {response.status_code}: {_quote(response)}"
                if response.status_code != 429 and response.status_code < 500:
                    raise TeacherError(reason, is_final=response.status_code not in (400, 408, 413, 422))
                wait = _asked_pause(response, wait)
            if attempt < RETRIES and wait <= _LONGEST_PAUSE:
                logger.info("%s; asking again in %g s", reason, wait)
                pause(wait)
            else:
                break
        raise TeacherError(f"{reason} (asked {attempt + 1} times)")

    return ask


def _quote(response: httpx.Response) -> str:
    """The beginning of an answer for a message: servers repeat what they were asked."""
    from tasks.privacy import Masker  # heavy: only where something went wrong

    return repr(Masker().text(response.text)[:200])


def _asked_pause(response: httpx.Response, otherwise: float) -> float:
    """Seconds that the server asks to wait, where it says so in seconds."""
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return otherwise


def _content_of(response: httpx.Response) -> str:
    try:
        content: Any = response.json()["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise TeacherError(f"{response.url}: not an answer in OpenAI's form: {_quote(response)}") from error
    if not isinstance(content, str):
        raise TeacherError(f"{response.url}: an answer without text: {_quote(response)}")
    return content
