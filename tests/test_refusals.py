"""What is a refusal, and what only says no."""

import pytest

from tasks.answers.refusals import is_refusal

REFUSALS = (
    "申し訳ございませんが、その質問にはお答えできません。",
    "申し訳ありませんが、そのご要望にはお応えできません。",
    "恐れ入りますが、こちらでは対応いたしかねます。",
    "すみません、わかりません。",
    "その質問には答えられません。",
    "AIとして、個人的な意見は持っていません。",
    "私はAIなので、お答えできません。",
    "お役に立てず申し訳ありません。",
    "ご質問ありがとうございます。あいにくお答えできかねます。",
    "ご要望にはお応えできません",
    "申し訳ありません。こちらの内容についてはご回答いたしかねます。",
    "ごめんなさい、お手伝いできません。",
    "そのご質問については、お答えすることができません。",
    "分かりかねます。",
    "I'm sorry, but I can't help with that request.",
    "I cannot answer this question.",
    "Sorry, I can't do that.",
    "I'm sorry, I cannot assist with that request.",
    "I apologize, but I am not able to provide that.",
    "As an AI language model, I do not know.",
    "I'm unable to help with this request.",
    "I can’t help with that.",
    "I won't answer that.",
    "I don't know.",
    "Unfortunately, I am unable to access that.",
    "I'm afraid that I can't say.",
    "I apologize for the inconvenience, but I cannot share this.",
    "We're sorry, but we cannot help with legal questions.",
    "That's not something I can help with.",
    "I am sorry for the trouble. I cannot help you here.",
    "I regret that I am unable to answer your question.",
    "I'm not able to help with this one.",
    "Sorry, but I won't be able to help with that.",
    "We apologize, but we cannot answer legal questions.",
    "My apologies, I can't access that file.",
    "It is not possible for me to answer that.",
    "I have no information about that.",
    "I'm just an AI and can't say.",
    "As a language model I have no opinion.",
    "申し訳ありませんが、そのようなご質問への回答は控えさせていただきます。",
    "お答えできません。",
    "申し訳ございません。わたくしには分かりません。",
    "大変申し訳ございませんが、個別の案件についてはお答えできかねます。",
    "恐れ入りますが、ご要望には沿えません。",
    "残念ながらお手伝いすることはできません。",
    "回答できません。",
    "I'm sorry, I don't have access to your account.",
    "I'm sorry but I'm not able to discuss that topic.",
    "Apologies, but I cannot provide medical advice.",
    "I can not respond to this.",
    "Unfortunately I can't look that up.",
    "I'm afraid I don't know the answer.",
    "As an AI assistant, I can't do this.",
    "Sorry, that is not something I can answer.",
    "I am unable to comply with this request.",
    "申し訳ございません、その件につきましてはお答えいたしかねます。",
    "すみません、ちょっと分かりません。",
    "恐縮ですが、回答を差し控えさせていただきます。",
    "その質問にはお答えすることができません。",
    "大変恐れ入りますが、弊社では対応できません。",
    "申し訳ありませんが、お力になれません。",
    "あいにくですが、ご案内できかねます。",
    "ご希望には添えません。",
)
"""Written by the authors: half of them while the forms were written, half as a check afterwards."""
ANSWERS = (
    "申し訳ございませんが、支払い期限の5日は延長できません。もう一度ご注文ください。",
    "恐れ入りますが、海外発送には対応いたしかねます。",
    "申し訳ございませんが、送料はお客様のご負担となります。",
    "承知しました",
    "はい、返品できません。",
    "お答えいたします。保証は一年です。",
    "回答は翌営業日になります。",
    "AIを使った検索の方法をご案内します。",
    "わからないことがあればお問い合わせください。",
    "ご質問の件、承りました。",
    "ご案内のとおり、返品できません。",
    "すみませんが、もう一度お試しください。",
    "Sorry, but the five days cannot be extended. Please order again in the shop.",
    "We cannot ship abroad.",
    "I can help with that.",
    "Unfortunately, the item is sold out.",
    "Sorry for the delay, your order ships today.",
    "I will not be able to ship until Monday, but the order is safe.",
    "We are sorry that the lamp broke; send it back free of charge.",
    "I can't believe how well this lamp works.",
)
"""Answers, a no among them."""


@pytest.mark.parametrize("answer", REFUSALS)
def test_a_refusal_is_seen(answer: str) -> None:
    assert is_refusal(answer)


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_none(answer: str) -> None:
    assert not is_refusal(answer)
