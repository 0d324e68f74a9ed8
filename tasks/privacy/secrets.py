"""Keys, tokens, passwords and URLs that carry them: by known formats, else announced and of high entropy."""

import re

from tasks.privacy.checks import measure_entropy
from tasks.privacy.spans import Detector, Kind

LEAST_ENTROPY = 3.0
"""Bits for each character of an announced token: words and numbers of its length lie below."""


def _grade_token(match: re.Match[str]) -> float:
    """A token is announced, has letters and digits and few repetitions; a word or a placeholder has not."""
    value = match[0]
    if value.isalpha() or value.isdigit() or not any(c.isdigit() for c in value):
        return 0.0
    named = _NAMED.search(match.string, max(0, match.start() - 30), match.start())
    return 0.8 if named and measure_entropy(value) >= LEAST_ENTROPY else 0.0


def _grade_password(match: re.Match[str]) -> float:
    """Letters and digits; or two words run together with a sign, which prose and names in code have not."""
    value = match["value"]
    if any(c.isdigit() for c in value) and any(not c.isdigit() for c in value):
        return 0.7
    return 0.6 if _SIGNED_WORDS.search(value) and not _NAME_OF_ONE.search(value) else 0.0


_KNOWN = (
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",  # AWS access key
    r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}",
    r"glpat-[A-Za-z0-9_-]{20,}",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"sk-(?:[a-z]{2,8}-)?[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic
    r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}",  # Google
    r"hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|pypi-AgEI[A-Za-z0-9_-]{30,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",  # JSON Web Token
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s]{1,8000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?",
)
_NAMED = re.compile(
    r"(?:api[ _-]?key|access[ _-]?(?:key|token)|auth[ _-]?token|secret(?:[ _-]?(?:access[ _-])?key)?|token|bearer"
    r"|account ?key|client[ _-]?secret|APIキ-|アクセスキ-|ト-クン|秘密鍵|シ-クレット)"
    r"[\"']?(?:\s?[:=は]\s?|\s(?:is|を)?\s?)?[\"'「]?$",
    re.IGNORECASE,
)
_SIGNED_WORDS = re.compile(r"(?=.*[a-z][A-Z])(?=.*[!@#$%^&*+=~])")
_NAME_OF_ONE = re.compile(r"pass|pwd|secret|[$(){}<>\[\]]", re.IGNORECASE)
"""What stands for a password in code and templates."""
SECRETS = (
    Detector(
        Kind.URL_CREDENTIALS,
        re.compile(
            r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s/:@?#\"'<>]{0,64}:[^\s/@\"'<>]{1,128}@[A-Za-z0-9.-]+"
        ),
        lambda _: 1.0,
        cue=re.compile("@"),
        words=("://",),
    ),
    Detector(
        Kind.URL_CREDENTIALS,
        re.compile(
            r"https?://[^\s\"'<>?]{3,300}\?(?:[^\s\"'<>#]{0,300}&)?"
            r"(?i:(?:access_?)?token|api_?key|password|passwd|secret|sig(?:nature)?)=[A-Za-z0-9%._~+/-]{8,}(?:&[!-~]*)?"
        ),
        lambda _: 0.9,
        cue=re.compile(r"\?"),
        words=("://",),
    ),
    Detector(
        Kind.URL_CREDENTIALS,
        re.compile(r"https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,}"),
        lambda _: 1.0,
        words=("hooks.slack.com",),
    ),
    Detector(
        Kind.SECRET,
        re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_KNOWN)})"),
        lambda _: 1.0,
        words=(
            "_",
            "akia",
            "asia",
            "glpat-",
            "xox",
            "sk-",
            "aiza",
            "ya29.",
            "pypi-",
            "sg.",
            "eyj",
            "private key",
        ),
    ),
    Detector(
        Kind.SECRET,
        re.compile(r"(?<![A-Za-z0-9+/_.-])[A-Za-z0-9+/_.-]{16,200}={0,2}(?![A-Za-z0-9])"),
        _grade_token,
        words=("key", "token", "bearer", "secret", "キ-", "ト-クン", "秘密鍵", "シ-クレット"),
        digits=1,
    ),
    Detector(
        Kind.SECRET,
        re.compile(
            r"(?i:password|passwd|passcode|\bpwd|(?<![A-Za-z])pw|パスワ-ド|暗証番号)[\"']?(?:\s?[:=は]|\sis)\s?[\"'「]?"
            r"(?P<value>[!-~]{6,64}?)(?=[\s\"'」。、]|[.,;]?$|[ぁ-ん]|[.,;]\s)"
        ),
        _grade_password,
        "value",
        words=("pass", "pw", "パスワ-ド", "暗証番号"),
    ),
)
