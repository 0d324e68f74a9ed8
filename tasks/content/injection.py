"""Phrases that order the model about, and marks that pass for a chat template, in Japanese and English.

What the categories are: OWASP Top 10 for LLM Applications 2025, LLM01; Perez and Ribeiro 2022, "Ignore Previous
Prompt: Attack Techniques for Language Models" (goal hijacking, prompt leaking); Greshake et al. 2023, "Not what
you've signed up for" (indirect injection and exfiltration).

A guideline on security quotes such phrases. One that is quoted, and that the text around discusses, is only noted;
one of the two alone is a warning, since an attacker can write quotation marks too; neither is critical.
"""

import re
from collections.abc import Mapping

from tasks.content.negation import is_forbidden
from tasks.content.passages import Passages
from tasks.content.phrases import Hit, Rule, find_phrases, rule

FORMAT_SHARE = 0.2
"""Share (0-1) of a source's texts that hold one template mark from which it is the source's format, no imitation."""
LEAST_MARKS = 20
"""Marks of a source below which they are no format."""
ORDERS = ("override", "reveal", "exfiltrate")
"""Kinds of phrase that are none where the text forbids what they say."""
MARKS = ("template", "role_heading")
"""Kinds of phrase that may be a source's format."""
_S = r"[\W_]{1,3}"
_MODEL = (
    r"(?:an? )?(?:ai|llm|language model|large language model|(?:ai|virtual) assistant|chatbot|gpt|chatgpt"
    r"|copilot)s?"
)
_ORDERS = (
    r"(?:instructions?|prompts?|directives?|guidelines?|rules|directions|programming|training|constraints?"
    r"|restrictions?)"
)
_BEFORE = r"(?:previous|prior|above|earlier|preceding|foregoing|existing|original|initial|system|developer)"
_DROP = r"(?:ignore|disregard|forget|override|overrule|bypass|discard|neglect)"
_SECRET = r"(?:system|initial|hidden|secret|original|internal|developer|pre-?)"
_JA_ORDERS = r"(?:指示|命令|指令|プロンプト|ルール|規則|制約|制限|ガイドライン|インストラクション)"
_JA_MODEL = r"(?:ai|llm|言語モデル|アシスタント|チャットボット|人工知能|gpt|chatgpt)"
_JA_STOP = (
    r"(?:無視|忘れ|破棄|放棄|上書き|リセット)(?:して(?:ください|下さい|くれ|、|。|$|次|以下|この|から"
    r"|星)|しろ|せよ|する(?:こと|んだ|ように)|ろ|なさい|て(?:ください|下さい|くれ|、|。|$))"
)
_JA_SHOW = r"(?:教え|表示|出力|開示|公開|見せ|明かし|明かせ|繰り返し|書き出|そのまま|漏らし|暴露)"

RULES: tuple[Rule, ...] = (
    rule(
        "override",
        "ignore|disregard|forget|overr|bypass|discard|neglect",
        rf"\b{_DROP}{_S}(?:(?:all|any|every|everything|each|and|of|the|your|my|these|those|their|its)\b{_S}){{0,4}}"
        rf"{_BEFORE}{_S}(?:\w+{_S}){{0,2}}?{_ORDERS}\b",
        rf"\b{_DROP}{_S}(?:all|any|every)\b{_S}(?:of{_S})?(?:(?:the|your|my|these|those|safety|security"
        rf"|content|ethical|moderation){_S}){{0,2}}{_ORDERS}\b"
        rf"(?:{_S}(?:you|above|before|given|and|so|that)\b|[.!:;\n]|$)",
        rf"\b{_DROP}{_S}your{_S}(?:\w+{_S}){{0,2}}?{_ORDERS}\b",
        rf"\b{_DROP}{_S}(?:everything|all|anything){_S}(?:(?:that|you|was|were|is|has|been|i|they){_S}){{0,4}}"
        r"(?:told|said above|above|before this|instructed|written above)\b",
    ),
    rule(
        "override",
        "無視|忘れ|破棄|放棄|上書き|リセット",
        rf"(?:これまで|今まで|以前|(?<!直)前|上記|以上|直前|元|最初|すべて|全て|全部|あらゆる|システム"
        rf"|既存|与えられた|先ほど|さっき)"
        rf"(?:に(?:与えられた|受けた|言われた|出された)|与えられた|受けた)?(?:の|までの)?(?:すべての"
        rf"|全ての|あらゆる)?[^。、\n]{{0,6}}{_JA_ORDERS}"
        rf"(?:を|は|について|なんか|など)?、?(?:すべて|全て|全部|完全に|一切|今すぐ)?{_JA_STOP}",
        rf"(?:あなた|お前|君)の[^。、\n]{{0,8}}{_JA_ORDERS}(?:を|は)?(?:すべて|全て|完全に|一切)?{_JA_STOP}",
        rf"{_JA_ORDERS}(?:を|は)?(?:すべて|全て|全部|完全に|一切){_JA_STOP}",
    ),
    rule(
        "reveal",
        "prompt|instructions|rules|message|above",
        rf"\b(?:reveal|show|print|repeat|output|display|leak|disclose|expose|recite|dump|share|tell"
        rf"|give|write out|what (?:is|are|was|were))"
        rf"{_S}(?:(?:me|us|out|back|the|all|of|your|full|exact|entire|complete|text|contents?|verbatim"
        rf"|whole){_S}){{0,6}}"
        rf"(?:{_SECRET}{_S}?){{1,2}}(?:prompts?|instructions|messages?|directives)\b",
        r"\b(?:repeat|print|output|recite|reproduce)\W{1,3}(?:(?:me|back|the|all|of|everything|words"
        r"|text|sentence|message)\W{1,3}){1,6}"
        r"above(?:\W{1,3}(?:verbatim|starting|word for word|exactly|this line))",
    ),
    rule(
        "reveal",
        "プロンプト|指示文|命令文|システムメッセージ|初期指示",
        rf"(?:システム|初期|隠し|隠された|内部|最初の|最初に(?:与え|設定さ)れた|元の|開発者の?|秘密の"
        rf"|あなたの|お前の|君の)[^。、\n]{{0,6}}(?:プロンプト|指示文|命令文|メッセージ|初期指示)"
        rf"(?:の(?:全文|内容|中身|すべて|全て))?(?:を|も|は)?[^。\n]{{0,14}}{_JA_SHOW}(?:て|し|せ|ろ"
        rf"|る(?:こと|ように))",
    ),
    rule(
        "role",
        "you are|pretend|act as|from now on|anything now|jailbr|developer mode|must obey|respond only",
        r"\byou are (?:now |going to be |about to )(?:\w+\W){0,3}?(?:dan\b|unrestricted|uncensored"
        r"|unfiltered|jailbroken|in developer mode"
        r"|free (?:of|from) (?:all |any )?(?:rules|restrictions)|no longer (?:bound|restricted|an?"
        r" (?:ai|assistant)))",
        r"\b(?:act as|pretend (?:to be|that you are|you are)|behave (?:as|like)|roleplay as)\W(?:an?"
        r" )?(?:\w+\W){0,2}?"
        r"(?:unrestricted|uncensored|unfiltered|jailbroken|evil|amoral)\W(?:\w+\W)?(?:ai|assistant"
        r"|model|bot|chatbot|llm)\b",
        r"\b(?:pretend|act as if|imagine) (?:that )?you (?:have no|are not bound by|do not have(?:"
        r" any)?|are free (?:of|from)|ignore) "
        r"(?:\w+ ){0,3}(?:restrictions|rules|filters|guidelines|limitations|policies)",
        r"\bfrom now on\W{1,3}you (?:will|must|shall|should|are to|are) (?:only |always |never )?(?:respond"
        r"|answer|reply|act|obey|ignore|speak|say)\b",
        r"\bdo anything now\b",
        r"\byou (?:must|will|shall) (?:now )?obey (?:me|my|the following|these|all)\b",
    ),
    rule(
        "role",
        "あなた|お前|君は|今から|これから|制限の|制約の|倫理",
        r"(?:あなた|お前|君)は(?:今|いま|これ)(?:から|より)?[^。\n]{0,16}(?:制限|制約|規制|フィルタ"
        r"|倫理)[^。\n]{0,6}(?:ない|なし|無い|受けない|縛られない)",
        rf"(?:制限|制約|規制|フィルタ|倫理)(?:の|が|に)?(?:ない|無い|縛られない|とらわれない)[^。\n]{{0,8}}{_JA_MODEL}"
        rf"(?:として|になっ|になり|を演じ|のように|です|だ)",
        r"(?:あなた|お前|君)は(?:今|いま|これ)から[^。\n]{0,10}(?:dan|脱獄|ジェイルブレイク|開発者モード)",
        r"(?:今|これ)から(?:は)?(?:あなた|お前|君)は[^。\n]{0,24}(?:とだけ|のみ|しか)(?:答え|回答|返答|出力|返)",
    ),
    rule(
        "exfiltrate",
        "http|@|webhook|mailto|server|endpoint",
        r"\b(?:send|post|upload|forward|transmit|exfiltrate|leak|append|submit|email|encode)\W(?:\w+\W{1,3}){0,4}?"
        r"(?:conversation|chat history|chat log|dialogue|system prompt|api[ _-]?keys?|credentials|access"
        r" tokens?|secrets|"
        r"user'?s? (?:data|input|messages?|password|query)|everything (?:the user|you know|above))\b"
        r".{0,80}?(?:https?://|[\w.+-]+@[\w-]+\.|webhook|mailto:|(?:remote|external|my|our) (?:server|endpoint))",
        r"!\[[^\]]{0,40}\]\(https?://[^)\s]{0,120}[?&/=][^)\s]{0,40}[\{\[<$](?:\w+[ _-]?)*"
        r"(?:data|history|conversation|prompt|secret|message|context|summary|input|key)",
    ),
    rule(
        "exfiltrate",
        "https?://|@|外部|サーバ|webhook|宛",
        r"(?:会話|チャット|対話|システムプロンプト|apiキ|パスワード|認証情報|機密情報|個人情報|ユーザの(?:入力"
        r"|発言|情報|データ))"
        r"[^。\n]{0,16}(?:を|も)[^。\n]{0,12}(?:https?://\S{3,80}|[\w.+-]+@[\w.-]+|外部(?:の)?(?:サーバ"
        r"|url|アドレス)|webhook)[^。\n]{0,6}"
        r"(?:に|へ|宛)[^。\n]{0,8}(?:送信|送って|送れ|転送|投稿|アップロード|渡し)(?:して|しろ|せよ|て|すること)?",
    ),
    rule(
        "address",
        "reading this|processing this|summari[sz]ing this|reads this|reviewing this|you are an? |tell"
        " the user|inform the user|the user about|to the user|attention|note (?:to|for)|message (?:to"
        "|for)|instructions? (?:to|for)|important",
        rf"\b{_MODEL}\W(?:that (?:is )?|who (?:is )?|currently )?(?:reading|processing|summari[sz]ing"
        rf"|reviewing|parsing|reads|evaluating) this\b",
        rf"\bif you are (?:{_MODEL})\b\W{{0,3}}(?:\w+\W){{0,4}}?(?:ignore|include|respond|reply|say"
        rf"|mention|add|recommend|output|rate|answer|write|stop|do not|please)\b",
        rf"\b(?:attention|note|message|instructions?|important)\W{{1,3}}(?:(?:to|for|all)\W)?(?:the"
        rf" |all |any )?{_MODEL}\b\W{{0,3}}(?:\w+\W){{0,3}}?"
        r"(?:ignore|must|should|please|you|do not|reading)\b",
        r"\b(?:do not|don't|never|without) (?:tell|telling|inform|informing|alert|alerting|notify|notifying"
        r"|mention(?:ing)? (?:this|it|any of this) to|reveal(?:ing)? (?:this|it) to) the user\b",
    ),
    rule(
        "address",
        "読んで|読む|処理して|要約して|要約する|学習して|あなたが|ユーザに",
        rf"(?:読んで|読む|読んだ|処理して|処理する|要約して|要約する|学習して|学習する)(?:いる)?(?:全ての"
        rf"|すべての)?{_JA_MODEL}(?:へ|は|に|、|の方|:|よ)",
        rf"(?:あなた|お前)が{_JA_MODEL}(?:なら|である(?:なら|場合)|であれば|の場合)",
        r"ユーザに(?:は)?[^。、\n]{0,8}(?:伝え|知らせ|教え|言わ|明かさ|悟られ)(?:ない(?:で|ように|こと)|るな|ず)",
        rf"{_JA_MODEL}(?:への|宛ての|に対する)(?:命令|指令|緊急指示|隠し指示|秘密の指示)(?::|は|。)",
    ),
    rule(
        "template",
        r"<\||\|>|\[/?inst\]|<<sys>>|<(?:start|end)_of_turn>|<\|?endoftext|\[/?sys",
        r"<\|\s?(?:im_start|im_end|im_sep|endoftext|end_?of_?text|begin_of_text|start_header_id|end_header_id"
        r"|eot_id|eom_id|system|user|assistant"
        r"|endofprompt|fim_\w+|start|end|message|channel|startoftext|begin[^|]{1,3}of[^|]{1,3}sentence"
        r"|end[^|]{1,3}of[^|]{1,3}sentence)\s?\|>",
        r"\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>|\[/?(?:system_prompt|available_tools|tool_calls)\]",
    ),
    rule(
        "role_heading",
        r"###|system ?:",
        r"#{2,4} ?(?:system|assistant|developer)(?: (?:prompt|message|instructions?))? ?:",
        r"(?:^|[\n.!?] ?)\[?(?:system|developer)(?: (?:prompt|message|override|note))?\]? ?: ?(?:you"
        r" are|you must|ignore|new|from now|the (?:assistant|model))",
    ),
)
_DISCUSSION = re.compile(
    r"\binjection|jail ?break|attack|\badversar|malicious|red[- ]team|vulnerab|threat|owasp|\bexploit"
    r"|special tokens?|control tokens?|chat template|tokenizer|prompt (?:format|engineering)"
    r"|インジェクション|攻撃|悪意|脱獄|ジェイルブレイク|脆弱|脅威|不正な(?:入力|指示|プロンプト)|特殊トークン"
    r"|制御トークン|チャットテンプレ|トークナイザ"
)


def find_injections(passages: Passages) -> list[Hit]:
    """The phrases and marks."""
    return find_phrases(passages, RULES, _DISCUSSION, _is_forbidden)


def _is_forbidden(kind: str, form: str, start: int, end: int) -> bool:
    return kind in ORDERS and is_forbidden(form, start, end)


def usual_sources(marks: Mapping[str, int], texts: Mapping[str, int]) -> set[str]:
    """Sources whose texts hold template marks as a matter of format.

    Args:
        marks: source -> marks of the kinds `MARKS` in its texts, those of one kind in a text counted once.
        texts: source -> texts.
    """
    return {
        source for source, count in marks.items() if count >= max(FORMAT_SHARE * texts[source], LEAST_MARKS)
    }
