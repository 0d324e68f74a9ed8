"""Common names, written down from general knowledge; words that are also places or common words are left out."""


def read_words(text: str) -> frozenset[str]:
    """The words of `text`, which blanks and line ends part."""
    return frozenset(text.split())


SURNAMES_JA = read_words(
    """
    佐藤 鈴木 高橋 田中 渡辺 渡邊 渡部 伊藤 山本 中村 小林 加藤 吉田 山田 佐々木 山口 斎藤 齋藤 斉藤 松本
    井上 木村 清水 山崎 中島 池田 阿部 橋本 山下 森 石川 前田 小川 藤田 岡田 後藤 長谷川 石井 村上 近藤 坂本
    遠藤 青木 藤井 西村 福田 太田 三浦 藤原 岡本 松田 中川 中野 原田 小野 田村 竹内 金子 和田 中山 石田 上田
    森田 小島 柴田 原 宮崎 酒井 工藤 横山 宮本 内田 高木 安藤 谷口 大野 丸山 今井 高田 藤本 武田 村田 上野
    杉山 増田 平野 大塚 千葉 久保 松井 小山 岩崎 桜井 野口 松尾 菊地 菊池 野村 木下 佐野 新井 杉本 大西
    古川 水野 浜田 市川 小松 島田 高野 平田 西田 本田 山内 樋口 久保田 西川 林 北村 安田 川口 五十嵐 中田
    川崎 川上 矢野 飯田 永井 吉川 福島 本間 内藤 秋山 服部 岩田 関口 土屋 辻 川村 栗原 樋渡 大島 森本 望月
    吉村 中西 松岡 片山 馬場 荒木 大久保 熊谷 大橋 星野 松村 黒田 早川 堀 荒井 尾崎 浅野 大石 野田 須藤 富田
    菅原 西山 河野 星 石原 大谷 萩原 岡崎 山中 田口 小池 松下 河合 川島 福井 三宅 白石 古賀 岡 児玉 片岡
    上原 奥村 篠原 柳沢 柳田 吉岡 村山 広瀬 廣瀬 飯島 川田 成田 小田 石橋 桑原 根本 横田 田辺 田邊 足立 栗田
    千田 鎌田 宮田 永田 平井 榎本 小西 窪田 石塚 堀内 藤川 天野 安部 中沢 中澤 浅井 浅田 須田 三上 今村 牧野
    樋 杉浦 高山 村井 西尾 堀田 谷川 関 松浦 田代 津田 稲垣 土井 戸田 大川 八木 落合 平山 中井 岩本 福本
    川端 植田 北川 入江 坂口 神田 久米 有馬 相馬 真田 三木 江口 甲斐 日高 西岡 泉 大森 大場 小泉 小澤 小沢
    梅田 下田 向井 黒木 宇野 滝沢 金田 金井 西野 本多 武藤 武井 長田 笠原 沢田 澤田 桜庭 若林 吉野 氏家 榊原
    百瀬 水谷 長尾 寺田 井口 細川 安達 畠山 黒川 比嘉 金城 大城 宮城 新垣 玉城 島袋 知念 仲村 喜多 城戸 伊東
    井出 稲葉 稲田 岩井 梶原 門脇 神谷 岸本 北野 沖田 緒方 奥田 奥山 柏木 勝又 川本
    """
)
"""Japanese surnames."""

GIVEN_JA = read_words(
    """
    太郎 次郎 一郎 三郎 花子 健一 健二 健太 健太郎 健 誠 浩 浩二 浩一 浩之 博 博之 博文 隆 隆志 隆之 修 修一
    明 明美 明子 昭 昭夫 和夫 和子 和也 和彦 和美 和樹 正 正人 正樹 正雄 正明 幸子 幸夫 幸一 良子 良太 良介
    恵子 恵美 恵 洋子 洋一 洋介 洋平 京子 裕子 裕美 裕太 裕介 由美 由美子 由紀 由紀子 由香 久美子 真由美
    真理子 真理 真一 真也 真奈美 真央 智子 智也 智美 智之 直樹 直人 直美 直子 直也 大輔 大樹 大介 大地 大翔
    拓也 拓海 拓真 翔太 翔 翔平 翔吾 翼 達也 達郎 哲也 哲郎 哲夫 剛 剛志 学 豊 進 勇 勇人 勇気 勝 勝己 勝利
    茂 実 清 弘 弘子 純 純一 純子 淳 淳一 淳子 順子 順一 潤 徹 聡 聡子 悟 亮 亮太 亮介 涼 涼太 涼子 遼 諒 蓮
    陽翔 陽太 陽子 陽介 陽菜 結衣 結菜 結愛 葵 凛 芽衣 莉子 美咲 美穂 美香 美紀 美奈子 美由紀 美和 美優 美月
    彩 彩香 彩花 綾 綾子 綾香 愛 愛子 愛美 麻衣 麻美 麻衣子 舞 優 優子 優太 優斗 優花 悠 悠斗 悠太 悠真 千尋
    千春 千夏 千恵子 千代子 さくら ひかり あかり ゆかり めぐみ ひろみ まゆみ かおり みゆき あゆみ はるか
    ななみ かおる 香織 香 沙織 詩織 栞 友美 友香 知美 知子 知佳 早紀 早苗 紗希 沙也加 里美 里奈 理恵 理沙
    梨花 梨沙 瞳 望 希 歩 歩美 遥 楓 奈々 奈緒 奈緒子 奈津子 七海 菜々子 文子 文雄 節子 静子 貴子 貴之 貴志
    孝 孝之 孝志 敏夫 敏子 敏明 俊介 俊彦 俊一 俊夫 秀樹 秀明 秀一 英樹 英子 英明 栄子 栄一 義男 義明 義雄
    吉郎 信夫 信一 信也 伸一 伸也 慎一 慎也 慎太郎 康夫 康介 康平 康弘 雄一 雄介 雄大 雄太 祐介 祐子 祐樹
    佑介 佑太 圭 圭介 圭太 啓介 啓太 敬 敬子 敬太 晃 光 光男 公平 宏 宏之 宏美 章 彰 晴美 春菜 春香 晶子
    朋子 朋美 邦夫 邦彦 国雄 武 武志 武史 毅 猛 守 稔 昇 登 渉 航 航平 航太 颯太 颯 蒼 湊 樹 律 朝陽 大和
    海斗 海翔 駿 隼人 隼 瑛太 瑠奈 琴音 心春 杏 杏奈 紬 桜 菫 澪 茜 萌 恭子 恭平 恭介 泰子 史郎 司 駿介 典子
    紀子 礼子
    """
)
"""Japanese given names."""

FIRST_EN = read_words(
    """
    James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony
    Donald Steven Paul Andrew Joshua Kenneth Kevin Brian George Timothy Ronald Edward Jason Jeffrey Ryan
    Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Alexander
    Patrick Jack Dennis Jerry Tyler Aaron Jose Adam Nathan Henry Zachary Douglas Peter Kyle Noah Ethan
    Jeremy Walter Christian Keith Roger Terry Sean Gerald Carl Harold Dylan Arthur Lawrence Jesse Bryan
    Billy Bruce Gabriel Joe Logan Alan Juan Albert Willie Elijah Wayne Randy Vincent Mason Roy Ralph Bobby
    Russell Bradley Philip Eugene Liam Oliver Lucas Leo Oscar Hugo Felix Max Simon Martin Neil Graham Ian
    Colin Stuart Trevor Nigel Derek Howard Leonard Stanley Frederick Theodore Curtis Edwin Mary Patricia
    Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Sandra Margaret Ashley
    Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Sharon Laura Cynthia
    Dorothy Amy Kathleen Angela Shirley Emma Brenda Pamela Nicole Anna Samantha Katherine Christine Debra
    Rachel Carolyn Janet Maria Catherine Heather Diane Olivia Julie Joyce Victoria Ruth Virginia Lauren
    Kelly Christina Joan Evelyn Judith Andrea Hannah Megan Cheryl Jacqueline Martha Madison Teresa Gloria
    Sara Janice Ann Kathryn Abigail Sophia Frances Jean Alice Judy Isabella Julia Denise Marilyn Danielle
    Beverly Diana Brittany Theresa Natalie Kayla Alexis Doris Lori Tiffany Charlotte Lucy Ellen Claire Fiona
    Hazel Sophie Chloe Mia Ava Zoe Ella Amelia Isla Freya Nora Stella Helen Irene Louise Marie Monica Peggy
    Rita Rosa Sally Sheila Sylvia Tracy Tina Vanessa Veronica Wendy Yvonne Holly Tom Tim Jim Bob Mike Dave
    Steve Chris Matt Dan Ben Sam Alex Nick Tony Andy Greg Jeff Ken Ted Fred Kate Jane Liz Beth Kenji Hiroshi
    Takashi Yuki Akira Haruto Sakura Yuko Keiko Naoko Ahmed Mohammed Muhammad Ali Omar Fatima Aisha Priya
    Raj Arjun Anil Sunil Wei Carlos Luis Miguel Pedro Antonio Francisco Javier Diego Pablo Sofia Elena
    Carmen Lucia Hans Klaus Jürgen Wolfgang Stefan Andreas Lars Sven Erik Anders Ingrid Pierre Jacques
    Michel François Giovanni Marco
    """
)
"""English first names, and some of other languages as they stand in English text."""
