"""Words and phrases of abuse in English and Japanese, by category and grade; the project's own list.

Grades: 3 a slur or a threat; 2 an insult, harassment, or crude sexual talk; 1 a vulgar word, or one that is rude in
most but not all of its uses. The list knows words, not meaning: neither irony nor reclaimed slurs, no mockery that
hangs on what was said before, and no abuse in polite words. What Japanese says in a phrase stands in `contempt`. Forms
are those of `passages`: lower case; サーバー without its last long vowel; no spaces beside CJK.
"""

import re
from typing import NamedTuple

from tasks.content import contempt


class Entry(NamedTuple):
    """Terms of one category and grade in one language."""

    category: str
    grade: int
    terms: str
    """Alternatives of a regular expression."""
    cjk: bool = False


_E = Entry
ENTRIES: tuple[Entry, ...] = (
    _E(
        "slur",
        3,
        r"fagg?(?:ot|it)?s?|faggy|n[i1]gg(?:er|ers|erish)|sand nig+\w*|wetbacks?|kikes?|chinks?|gooks?"
        r"|spics?|beaners?|towel ?heads?|rag ?heads?"
        r"|camel jockeys?|dykes?|trann(?:y|ies)|shemales?|porch monkeys?|jungle bunn(?:y|ies)|retards?"
        r"|mongoloids?|white trash"
        r"|gypp?(?:o|os)|pakis?|zipperheads?|half[- ]breeds?|cripples",
    ),
    _E(
        "threat",
        3,
        r"(?:i'?ll|i will|i'?m (?:going to|gonna|gunna)|imma|ima|we'?ll|we will|gonna|someone should"
        r"|(?:i )?(?:want to|wanna)) (?:\w+ )?(?:kill|murder|rape|stab|shoot|hang|behead|strangle|slit"
        r"|beat up|burn|choke|lynch) "
        r"(?:you|u|him|her|them|ya|your|that|this|those|these|all)|(?:go |please )?(?:kill|hang) (?:yourself"
        r"|yourselves|urself|ur self|yoself)|kys"
        r"|(?:hope|wish) (?:you|u|he|she|they|ya)(?: all)? (?:die|dies|get raped|get killed|get cancer"
        r"|burn)|(?:you|u|they|he|she) (?:deserve|deserves) to (?:die|be raped|be shot|be killed)"
        r"|(?:should|needs? to|must) be (?:shot|lynched|exterminated|gassed|hanged|raped|beheaded)"
        r"|(?:beat|bash|smash|cave) (?:your|ur|his|her) (?:face|head|ass|skull)(?: in)?"
        r"|drop dead|(?:you're|you are|ur) (?:a )?dead (?:man|meat)",
    ),
    _E(
        "insult",
        2,
        r"bitch(?:es|ez|ass|y)?|biatch(?:es)?|bastards?|assholes?|arseholes?|douche ?bags?|dumb ?ass(?:es)?"
        r"|jack ?ass(?:es)?|dip ?shits?|shit ?heads?|dick ?heads?"
        r"|mother ?fuck(?:er|ers|a|as|in|ing)|fuck ?(?:you|u|off|boys?|bois?|ers?|wits?|tards?|heads?)"
        r"|fuck (?:him|her|them|these|this|that|those|yo|ya|y'?all|your)"
        r"|stfu|gtfo|shut (?:the (?:fuck|hell) |tf |yo |your |ur )(?:up|mouth|ass|face)?|suck my|eat"
        r" (?:shit|a dick)|(?:piece|sack) of (?:shit|crap)"
        r"|scumbags?|cunts?|twats?|wankers?|cocksuckers?|tossers?|morons?|imbeciles?|retarded|halfwits?"
        r"|degenerates?|subhumans?"
        r"|(?:stupid|dumb|fat|ugly|lazy|dirty|worthless|pathetic|filthy|ignorant|disgusting) (?:ass"
        r"|fuck|fucks|cow|pig|pigs|slut|whore|idiots?|kids?|people|women|men|boy|girls?|piece|bitch"
        r"|bitches)"
        r"|n[i1]gg(?:a|as|az|ah|ahs|uh|uhs)|nicc?as?|niglets?|nigs|coons?|hoes?|hoez|thots?|(?:you"
        r"|u|ya|you're|ur|your|he's|she's|they're|what an?|such an?|these|those|fucking|freaking|goddamn)"
        r" (?:(?:are|is|all|a|an|such|just|really|so|fucking) ){0,3}(?:idiots?|imbeciles?|losers?|stupid"
        r"|dumb|ugly|trash|garbage|scum|pathetic|worthless|disgusting|trashy|ratchet|coward|clown|liar)"
        r"|queers?|homos?|colored (?:people|folks?)|inbred|crackers? ass|crackas?|honk(?:y|ies|ey)"
        r"|trailer trash|ching chong|darkies|darky",
    ),
    _E(
        "sexual",
        2,
        r"puss(?:y|ies)|cunt ?s?|sluts?|slutty|whores?|skanks?|cum ?(?:shots?|dump|slut)|blow ?jobs?"
        r"|hand ?jobs?|rim ?jobs?|cock ?suck\w*|dick pics?|deep ?throat\w*|gang ?bangs?"
        r"|titt(?:y|ies)|tits|boobs|jerk(?:ing)? off|jack(?:ing)? off|milfs?|porn\w*|horny|fuck (?:my"
        r"|me|her brains)|eat(?:ing)? (?:pussy|ass|her out)|(?:my|his|your|yo|ur|a|big|the|that|some)"
        r" (?:dick|cock)s?"
        r"|bust a nut|bust(?:ed)? (?:a )?nut|nudes?|orgies|dildos?|buttholes?|fingering her",
    ),
    _E(
        "harassment",
        2,
        r"(?:no ?(?:body|one)|everyone|everybody) (?:likes|loves|hates|wants) (?:you|u)|go back to"
        r" (?:your (?:own )?country|africa|mexico|china|where you came from)"
        r"|get out of (?:my|our) country|know your place|(?:women|girls|females|blacks|muslims|jews"
        r"|gays|mexicans|immigrants|asians|christians|whites?) (?:are|r) (?:all |so )?(?:stupid|dumb"
        r"|trash|inferior|disgusting|animals|savages|vermin|whores|sluts|evil|criminals|parasites|objects)"
        r"|(?:i )?(?:hate|despise) (?:all |these |those |fat |ugly |black |white )*(?:gays|jews|muslims"
        r"|blacks|mexicans|immigrants|asians|women|whites|white people|black people|gay people|fags"
        r"|foreigners)"
        r"|white power|heil hitler|sieg heil|gas the \w+|(?:ship|send) (?:them|em) back|make me a sandwich",
    ),
    _E(
        "vulgar",
        1,
        r"fuck\w*|fuk(?:in|ing|er)?|fck\w*|f[*u@#][*c@#]?k\w*|shit(?:s|ty|ting|ted|tin|head)?|sh[*1!]t"
        r"|bull ?shit|ass(?:es)?|a\$\$|damn|goddamn|crap(?:py)?|piss(?:ed|ing)? off|wtf|lmf?ao|dicks?"
        r"|cocks?|bollocks|arse"
        r"|pimp\w*|trash|ghetto|ratchet|savages?|crackheads?|idiots?|idiotic|stupid|dumb|ugly|losers?"
        r"|jerks?|fat(?:ty|so)|boot(?:y|ies)|bimbo|gay|lesbo|no homo|thug\w*|idgaf|nig|rednecks?|hillbill(?:y"
        r"|ies)|negro(?:es)?|muzzies?|chicks?|whipped|freaks?",
    ),
    _E(
        "slur",
        3,
        r"土人|(?<![ァ-ヴー])(?:チョン)(?:[公共]|ども|野郎|が(?!マ)|は|死)|支那人|シナ人|朝鮮(?:人は"
        r"|人が|人ども|猿)[^。]{0,6}(?:帰れ|死ね|消えろ|出て)|クロンボ|黒んぼ|毛唐"
        r"|(?<![ァ-ヴー])ロスケ(?![ァ-ヴー]"
        r")|(?<!朝)鮮人|(?<!第)三国人(?!口)|特亜人|"
        r"(?<![ァ-ヴー])(?:キチガイ|ガイジ)(?![ァ-ヴー])|きちがい|気違い|気狂い|基地外|池沼(?:が|は"
        r"|だ|か|野郎|乙)|知恵遅れ|(?<![ァ-ヴー])(?:カタワ|ビッコ|メクラ|ツンボ|オシ)(?:野郎|が|め)"
        r"|かたわ者|穢多|えた非人|部落民(?:が|め|は|の)|"
        r"(?<![ァ-ヴー])(?:ホモ野郎|オカマ野郎|レズ野郎|ハーフ野郎)|オカマ(?:が|め|野郎|かよ|きも)"
        r"|身障(?:が|め|者め)|(?<!障)害児|ジャップ(?!ス)",
        True,
    ),
    _E(
        "threat",
        3,
        r"(?<!必)死ね(?:$|よ(?!う)|や|ば(?:いい|良い)(?:のに|んだ|$|。)|って|カス|クズ|ゴミ|バカ|馬鹿"
        r"|[。!！、wｗ…」])|死んで(?:くれ(?![たるれなて])|しまえ(?![ばるなた])|ほしい|欲しい|詫び|償え)"
        r"|くたばれ|ぶっ?殺|(?:ブッ"
        r"|ぶち)殺|殺(?:すぞ|してやる|してやろう|しに行く|しにいく|されろ|せばいい|した方がいい)|"
        r"(?:犯|レイプ)(?:してやる|すぞ|されろ|せ(?:$|。))|刺(?:すぞ|してやる|しに行)|ぶん殴|殴(?:るぞ"
        r"|ってやる|りに行)|しばく(?:ぞ|から)|痛い目(?:に(?:あ|遭)わせ|見せて)|首(?:吊|つ)(?:れ|って(?:こい"
        r"|死))|飛び降りろ|家に火を|燃やすぞ|埋めるぞ|沈めるぞ|地獄に(?:落|堕)ちろ|"
        r"生きる価値(?:が|は|も)?(?:ない|無い|なし)|処刑しろ|皆殺しに(?:しろ|してやる)",
        True,
    ),
    _E(
        "insult",
        2,
        r"(?<![ァ-ヴー親役海])バカ(?![ァ-ヴー正売受騒ン力丁])"
        r"(?!(?:馬鹿|バカ)?し[いくさげか]|[々らげ気]|に(?![はもつ]))(?!みたいに(?:安|美|うま))"
        r"|(?<![親役海狩])馬鹿(?![力正売丁騒囃])"
        r"(?!(?:馬鹿|バカ)?し[いくさげか]|[々らげ気]|に(?![はもつ]))|ばーか|馬鹿者|おバカ"
        r"|(?<![ァ-ヴー])アホ(?![ァ-ヴー]"
        r")|あほ(?:か|や|くさ|らし|ちゃう|すぎ)|阿呆|間抜け(?:が|め|野郎|だ)|まぬけ(?:が|め|だ)|のろま"
        r"|"
        r"(?<![ァ-ヴー])クズ(?![ァ-ヴー粉湯餅])|(?:人間|お前|こいつ|あいつ|ほんと|マジで)の?(?:屑|くず)"
        r"|屑(?:が|だ|め|野郎|ども)|ゴミ(?:クズ|野郎|人間|みたいな(?:奴|人間|やつ)|だな|かよ|ども|に失礼"
        r"|以下)|(?:こいつ|お前|あいつ|奴|あの人)[^。]{0,6}ゴミ|(?<![ァ-ヴー酒])カス(?![ァ-ヴー])(?:が"
        r"|だ|野郎|ども|かよ|すぎ|以下|だな|$)|カスども|"
        r"(?:お前|おまえ|てめえ|てめぇ|テメエ|きさま|貴様|こいつ|あいつ)[^。]{0,12}(?:クソ|糞|くそ"
        r"|ゴミ|カス|クズ|バカ|馬鹿|アホ|頭(?:が)?おかし|荒らし|無能|低能|ブス|ハゲ|デブ|キモ|きも"
        r"|雑魚)|てめえ|てめぇ|テメ[エェ]|貴様(?:ら|は|が|の)|"
        r"(?:クソ|糞|くそ)(?:野郎|女|男|ガキ|ばばあ|ババア|爺|ジジイ|じじい|アマ|虫|ったれ|漏らし"
        r"|みたいな(?:奴"
        r"|やつ)|だな|やな|やん|や$)|(?<![ァ-ヴー])ブス(?![ァ-ヴー])|不細工|ブサイク|ぶさいく"
        r"|(?<![ァ-ヴー])ハゲ(?!"
        r"[ァ-ヴー])(?:$|が|野郎|いら|うざ|は|だ|ども|[wｗ、。!])|(?<![ァ-ヴー])デブ(?![ァ-ヴー])(?:$"
        r"|が|野郎|すぎ|は|だ|[wｗ、。!])|"
        r"低能|無能(?!力)(?:が|だ|すぎ|め|社員|上司|な奴|かよ|な人)|役立たず|能無し|脳(?:みそ|味噌"
        r"|ミソ)(?:ない|が(?:ない|腐)|空|足り)|頭(?:の)?(?:が|は)?(?:悪い(?:んだ|の|な|ね|ん|よ|奴"
        r"|人)|わるい(?:な|ね|よ)|おかしい(?:んじゃ|だろ|のか|ん|よ|奴)|沸いて|いかれ|イカれ)|雑魚(?:が"
        r"|乙|すぎ|だな|い$)|ザコ(?:が|乙|すぎ|だな)|老害|情弱|底辺(?:が(?:偉|調子|吠|騒|何|喋|しゃべ|イキ"
        r"|文句|$|[!w])|の(?:奴|くせ|分際|人間|クズ)"
        r"|職|乙|ども)|負け犬|ニート(?:が|乙|は黙|のくせ)|働けよ|無職(?:が|は(?:黙|働)|の(?:くせ|分際)"
        r"|$)|"
        r"キモオタ|陰キャ|根暗(?:が|な奴)|ブタ野郎|豚野郎|メス豚|売国奴|国賊|非国民|反日(?:野郎|ども"
        r"|が)|(?:ネト|パヨ)(?:ウヨ|ク)(?:が|は|ども|乙|$)|卑怯者|(?:最低|最悪)な(?:人間|奴|女|男)"
        r"|人でなし|恥(?:を)?知(?:れ|らず)|乞食(?:が|か|ども|は|みたい|$)|(?<![ァ-ヴー])チンピラ(?:が"
        r"|風情|ども)|なりすまし野郎",
        True,
    ),
    _E(
        "harassment",
        2,
        r"消えろ|失せろ|うせろ|出て(?:いけ|行け)(?:よ|$|[。!])|(?:国|半島|大陸|祖国|くに)(?:に|へ)(?:帰れ"
        r"|かえれ)(?![るばなたてまず])|黙れ(?!ば|る)|だまれ(?!ば|る)|黙ってろ|(?<![ぁ-ん])うざい"
        r"|(?<![ァ-ヴー])ウザい|(?<![ぁ-ん])うざ("
        r"?:$|すぎ|[。wｗ])|(?<![ァ-ヴー])ウザ(?:$|すぎ|[。wｗ])|うぜ[えぇー]|ウゼ[エェー]|き(?:も"
        r"|しょ)い(?!の)(?:な|わ|よ|ん|$|[。wｗ、!])|キ(?:モ|ショ)い|キモ(?:$|すぎ|[いッっ。wｗ])"
        r"|気持ち悪い(?:んだ"
        r"|奴|やつ|女|男|おっさん|顔)|"
        r"だっさ|ダッサ|女(?:の(?:くせ|分際)|は(?:黙|家に|バカ|馬鹿|感情的|劣)|ども)|男の(?:くせ|分際)"
        r"|(?:ガキ|子供|外人|外国人|障害者|在日|老人)(?:の(?:くせ|分際)|ども|は(?:帰れ|出て|黙|死ね"
        r"|消えろ|いらない|クズ))|(?:お前|あなた|あんた|君)(?:なんか|みたいな(?:奴|人"
        r"|の))[^。]{0,8}(?:いらない"
        r"|必要ない|誰も|迷惑|嫌)|誰も(?:お前|あなた|あんた)|(?:学校|会社)(?:に)?(?:来るな|くるな)"
        r"|(?:晒|さら)(?:してやる|すぞ)|"
        r"ざまあ(?:$|み|[。wｗ!])|ざまぁ|ブーメラン乙|(?:ゆとり|バブル|おっさん|ババア|bba|ジジイ)(?:は黙"
        r"|乙|きも|キモ|ども)|ババア|(?<![ァ-ヴー])ジジイ(?![ァ-ヴー])|いい年こいて|なめ(?:んな|てん(?:のか"
        r"|じゃ))|舐め(?:んな|てん(?:のか|じゃ))|調子(?:に)?(?:乗るな|乗んな|こいて)",
        True,
    ),
    _E(
        "sexual",
        2,
        r"おまんこ|(?<![ァ-ヴー])マンコ(?![ァ-ヴー])|ちんこ(?!ろ)|ちんぽ"
        r"|(?<![ァ-ヴー])チン[コポ](?![ァ-ヴー])"
        r"|おちんちん|ちんちん(?!電車|かも|して|と鳴)(?:の|小さ|大き|でか|舐|しゃぶ|見)|きんたま"
        r"|(?<![ァ-ヴー])キン"
        r"タマ|オナニ|自慰(?:行為)?(?:し|に)|シコ(?:って|る|った|りたい|ネタ)|セックス(?!レス|・|チェック"
        r"|ピストルズ|アンド)(?:し(?:た|て|よ|ろ)|が(?:した|うま)|フレンド|の(?:相手|とき)|$|[。wｗ])"
        r"|セフレ|ヤリ(?:マン|チン|モク|目的)|(?<![ァ-ヴー])ビッチ(?![ァ-ヴー])|売女|淫乱|淫売|中出し"
        r"|孕ませ|パイズリ|フェラ(?:し|チオ|って)|手マン|クンニ|アヘ顔|巨乳|貧乳|爆乳|おっぱい(?:を"
        r"|揉|舐|見|が|大|で)|乳首(?:を|舐|見|が|立)|"
        r"勃起(?:し|$|[。wｗ])|レイプ(?:し(?:た|て|たい)|もの|動画)|痴漢(?:し(?:たい|ている)|もの)"
        r"|パンツ(?:見せ"
        r"|くれ|の中)|風俗(?:行|嬢|店)|ソープ(?:行|嬢)|ハメ撮|ロリコン(?!プレ)|(?<![ァ-ヴー])エロ(?:い"
        r"|すぎ|画像|動画|$|[。wｗ])|スケベ|ぶっかけ(?!うどん|そば|ご飯|飯|丼|る|た|て)|変態(?:野郎"
        r"|め|すぎ|かよ|じゃん|ども)|一発やらせろ",
        True,
    ),
    _E(
        "vulgar",
        1,
        r"(?:馬鹿|バカ)(?:馬鹿し|バカし|々々し|らし|げた|げて|に(?:し|す|さ))"
        r"|(?<![ァ-ヴー])クソ(?![ァ-ヴー])|くそ(?:っ|!|$|、|ー)|糞(?![便尿線])|うんこ|ウンコ|うんち(?!く)"
        r"|しょんべん|やべ[えぇ]|ふざけ(?:んな|るな)|ざけんな|(?<![ァ-ヴー])ゴミ(?:回線|ゲ|運営|企業"
        r"|$)|クソゲ|外人(?!墓地|部隊)|[こあそ]いつ(?:ら|は|が|の|も|クソ|なんで)"
        r"|(?<![ァ-ヴー])ガキ(?![ァ-ヴー])"
        r"|ハゲ(?:てる|だ|た)|貧乏人|田舎者|下手くそ|へたくそ|ダサい|(?<!く)ださい|邪魔(?:なんだ|だ(?:な"
        r"|よ)|くさ)|荒らし(?:みたい|か|乙|だ)|気色悪|頭(?:が)?悪(?!く)|発狂(?:し|する)",
        True,
    ),
    *(
        _E(category, grade, "|".join(rules), True)
        for category, grade, rules in (
            ("threat", 3, contempt.THREATS),
            ("threat", 3, contempt.GROUP_THREATS),
            ("slur", 3, contempt.SLURS),
            ("insult", 2, contempt.INSULTS),
            ("insult", 2, contempt.TRAITS),
            ("harassment", 2, contempt.ORDERS),
            ("harassment", 2, contempt.DISGUST),
            ("harassment", 2, contempt.GROUPS),
            ("sexual", 2, contempt.SEXUAL),
            ("vulgar", 1, contempt.MOCKERY),
        )
    ),
)
"""What is looked for. English terms are whole words, Japanese ones have no borders but those that they name."""

BENIGN = re.compile(
    r"\bhoes? (?:the|and rake|down|cake)|\b(?:garden|weeding|rake|backhoe|using|steel|dutch|hand|field"
    r"|farm|rotary) hoes?\b(?! (?:ass|who|that|in|on|like|be))|\bhoe ?cakes?|\bpuss(?:y|ies)[- ](?:cats?"
    r"|willows?)|\bpussycats?"
    r"|\b(?:dick) (?:van dyke|cheney|clark|tracy|whittington|cavett|dastardly)\b|\bmoby[- ]dick|\bvan"
    r" dykes?\b|\bcock(?:[- ]a[- ]doodle|tail|pit|roach|erel|atoo| robin| fight| of the)|\b(?:stop"
    r"|turn|ball|weather|gas|pet|pea|wood)[- ]?cocks?\b"
    r"|\bbreast (?:cancer|feed\w*|milk|screening|exam\w*)|\bsex (?:education|ratio|chromosome\w*|cells?)"
    r"|\b(?:homo sapiens|homo erectus|homo habilis|homo \w+ensis)|\bhomo(?:geneous|genize\w*|phone"
    r"|sexual\w*)|\bass(?:ets?|ess\w*|ign\w*|ume\w*)\b"
    r"|\bthe (?:wild|african|somali|asiatic) ass(?:es)?\b|\bjenny ass|\bass(?:es)? and mules?|\bfemale"
    r" dog|\bbitch(?:es)? (?:and (?:her )?(?:puppies|dogs?|litter)|in (?:heat|season|whelp))|\b(?:brood"
    r"|stud|spayed|pregnant|whelping|nursing) bitch(?:es)?"
    r"|\btits? (?:family|species|bird)|\b(?:blue|great|coal|marsh|willow|long-tailed) tits?\b|\bboob(?:y"
    r"| tube| job)|\bfire ?crackers?|\bchinks? in (?:the|his|her|their|its|our|your|my) (?:armou?r"
    r"|wall|fence)|\bspic and span|\bspick and span|\bshuttlecocks?|\bpeacocks?"
    r"|\bretard(?:ant|ed (?:growth|potential|motion|time|ignition|by)|ation|ing)\b|\bflame retard\w*"
    r"|\bcripples? (?:the|an?|its?|our|their)\b|\bwashington redskins|\bnudes? (?:painting|portrait"
    r"|figure|colou?r|lipstick|shoes|beach|art)|\b(?:reclining|female|male) nudes?\b|\bcoon(?:hounds?"
    r"| cats?| rapids)|\bmaine coons?"
    r"|\bqueer (?:studies|theory|eye|community|rights|as folk|people|youth|literature|film|history)"
    r"|\blgbtq?\w*|\bgay (?:rights|pride|marriage|community|men|couples?|bars?)|\bstupid (?:question"
    r"|mistake)|\b(?:feel|felt|feeling|look|looking|i'?m|i am|i was|me) (?:so |like (?:an? )?)?(?:stupid"
    r"|dumb|idiots?|ugly)|\bdumb (?:down|waiter|terminal|show|question)|\bidiot[- ]?proof"
    r"|\b(?:yellow|golden|oriole|angry|early|twitter) birds?|\bcrackers? (?:and|with) (?:cheese|soup)"
    r"|\btrash (?:can|cans|bag|bags|collection|day|bin|bins|pick)|\b(?:the|take out the|my|your|take"
    r" the) trash\b|\bthug life|\bnude (?:descending)|\bwater ?cocks?|\bdykes? (?:and|or) (?:levees?"
    r"|dams?|canals?)|\b(?:sea|flood|dutch|earthen|ring) dykes?|\bigneous dykes?|\bsavage(?:s)? (?:garden"
    r"|worlds?)|\bbabe ruth|\badvancement of colored people|\bkill (?:two birds|time|the process|switch)"
    r"|\bchicks? (?:hatch\w*|peas?|fil|feed|and hens?|are hatch\w*)|\bbaby chicks?|\bpenguin chicks?"
    r"|\bjerk (?:chicken|pork|seasoning|sauce|reaction)|\bknee[- ]jerk|\bfreak (?:accident|show|wave"
    r"|storm)|\b(?:fat) (?:content|free|cells?|intake|burning|tissue)|\b(?:saturated|trans|body|unsaturated"
    r"|low|milk|animal|dietary|the|of|in|less|more|extra|excess|as|good|healthy|healthier|high) fat(?:s"
    r"|ty)?\b|\bfatty (?:acids?|liver|fish|tissue)|\bgay[- ]lussac"
    r"|バカンス|バカラ|アルバカ|バカロレア|馬鹿にならな|バカにならな|馬鹿貝|アホウドリ|アホロートル"
    r"|ハゲタカ|ハゲワシ|ハゲコウ|クズ粉|ビッチ監督|シナ海|シナモン|死ぬほど|死ぬ気で|死ぬまで|カバン"
    r"|殺虫|殺菌|ちんちん電車|チンチン電車|ぶっかけうどん|ガキの使い|ガキ大将|馬鹿と(?:天才|煙|ハサミ"
    r"|鋏)|ばか(?:貝|りに)|バカ殿|走れメロス|黙れば|気違い水|きちがい茄子|釣りバカ|空手バカ|野球バカ"
    r"|ゴミ(?:箱|捨て|出し|収集|袋|の(?:日|分別|収集)|処理|問題|処分)|粗大ゴミ|生ゴミ|可燃ゴミ|不燃ゴミ"
)
"""What only looks like abuse: taken out of the text before it is searched."""
