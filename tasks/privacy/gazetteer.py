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

FIRST_KATAKANA = frozenset(
    word.replace("ー", "-")
    for word in read_words(
        """
        アーサー アーロン アイザック アイリーン アグネス アダム アニタ アマンダ アラン アリシア アリス アルバート
        アレクサンダー アレックス アン アンジェラ アンソニー アンディ アントニオ アンドリュー アンナ アンヌ イザベラ
        イヴァン イワン ウィリアム ウェンディ ウラジーミル エイミー エヴァ エマ エミリー エリザベス エリック エレナ
        エレン オスカー オリバー オリビア オルガ カール カタリーナ カルロス カレン キース キム キャサリン
        キャロライン キャロル クララ クリス クリスティーナ クリスティーヌ クリストファー グレース グレッグ ケイト
        ケビン ケリー ケン サイモン サマンサ サミュエル サム サラ ザカリー ジェイソン ジェイムズ ジェームズ
        ジェームス ジェーン ジェシカ ジェニファー ジェフ ジェフリー ジェレミー ジム ジミー ジャクリーン ジャスティン
        ジャック ジャネット ジュリア ジュリアン ジュリー ジョアンナ ジョー ジョージ ジョセフ ジョナサン ジョン
        スーザン スコット スティーブ スティーブン スティーヴン ステファニー ステファン セルゲイ ソフィア ソフィー
        ダイアナ ダニエル チャールズ デイビッド デイヴィッド デニス デビッド デボラ トーマス トニー トム ドナルド
        ドミトリー ナタリー ナンシー ニコラス ニコール ニック ハインリヒ ハンス ハンナ バーバラ パトリシア
        パトリック パブロ ヒラリー ピーター ピエール フィオナ フィリップ フランク フランシスコ フランソワ フレッド
        ブライアン ヘレン ヘンリー ベティ ベン ベンジャミン ペドロ ホセ ポール マーガレット マーク マーティン マイク
        マイケル マシュー マット マリア マルコ ミゲル ミシェル ムハンマド メアリー メーガン モハメド モハメッド
        ヨハン ライアン ラリー リサ リチャード リンダ ルイーズ ルーカス ルーシー ルイス レイチェル レオ レベッカ
        ローラ ロジャー ロバート ロブ ロベルト ロナルド
        """
    )
)
"""First names from abroad in katakana, the long vowel mark as a hyphen."""

FIRST_EN = read_words(
    """
    Aarav Aaron Abby Abdul Abdullah Abdulrahman Abebe Abena Abigail Abiodun Achieng Achim Ada Adaeze Adam Addison
    Adebayo Adela Adele Adelheid Aditi Aditya Adnan Adolfo Adrian Adriana Adriano Adwoa Afonso Agata Agatha Agathe
    Agnes Agneta Agnieszka Agus Agustín Ahmad Ahmed Ahmet Aidan Aigul Aikaterini Aiko Aileen Aimee Aino Aisha Aivar
    Ajay Akash Akbar Akiko Akira Akosua Akshay Akua Alaa Alain Alan Alana Alasdair Alastair Albert Alberto Albrecht
    Alejandra Alejandro Aleksandar Aleksandr Aleksandra Aleksei Aleksey Alena Alessandra Alessandro Alessia Alessio
    Alex Alexander Alexandra Alexandros Alexei Alexey Alexios Alexis Aleš Alfonso Alfred Alfredo Alice Alicia Alin
    Alina Aline Alison Alistair Alla Allan Allison Alois Alojz Alun Alvin Alyona Alyssa Amadeu Amadou Amanda Amandine
    Amara Amelia Amie Amina Aminata Amir Amira Amit Amos Amrita Amy Amélie Ana Anahera Ananya Anastasia Anastasios
    Anastasiya Anatoly Anaïs Anca Anders Andre Andrea Andreas Andrei Andres Andrew Andrey Andris Andrzej André Andrés
    Andy Angela Angelica Angelina Angharad Angie Angus Aniket Anil Anita Anja Anjali Anke Ankit Ann Anna Annabelle
    Anne Annelie Anneliese Annette Annie Annika Anouk Anthony Antje Antoine Antoinette Anton Antonella Antonia Antonio
    Antti Antônio Anupam Anushka Anwar Anže Aoife Aparna Apolline Apostolos Arash Archie Ariana Arianna Aristotelis
    Arjun Arkady Arlene Armand Armando Armen Armin Arnar Arnaud Arne Arnold Aroha Artem Arthur Artur Arturo Arturs
    Artyom Arvind Arvydas Asad Asher Ashish Ashley Ashok Ashot Asma Astrid Asuka Athanasios Attila Aubrey Audrey
    Aurélie Aurélien Ava Avi Avinash Aviv Avraham Awa Axel Ayesha Aylin Ayodele Ayumi Ayşe Aziz Babajide Bahram Bakhyt
    Balázs Bambang Baptiste Barbara Barbra Barney Barry Bartek Bartolomeo Bartosz Bashir Bastien Beata Beate Beatrice
    Beatriz Becky Behrouz Bekele Belinda Belén Ben Bence Benedikt Bengt Benito Benjamin Benoît Beppe Bernadette
    Bernard Bernardo Bernd Bernhard Bernice Bert Bertha Berthold Bertrand Bessie Beth Bethan Bethany Betty Bhavna
    Bianca Bilal Biljana Billy Birgir Birgit Birgitta Bjarne Bjorn Björn Blake Blathnaid Blaž Bob Bobby Bodil Bogdan
    Bogusław Bohumil Bojan Bojana Bonnie Boris Bosse Boubacar Bořivoj Boško Bożena Božena Brad Bradley Bram Brandi
    Brandon Branislav Branka Branko Brenda Brendan Brent Brett Brian Briana Brianna Bridget Brigitte Britta Brock
    Bronwen Bruce Bruna Brunhilde Bruno Bryan Bryce Bryony Budi Burak Byron Bärbel Béla Bérénice Caio Caitlin Caleb
    Camila Camilla Candace Candice Caoimhe Capucine Cara Carina Carl Carla Carlo Carlos Carlota Carly Carmela Carol
    Caroline Carolyn Carrie Carsten Carys Cassandra Cassie Catalin Catalina Cathal Catherine Cathy Catriona Cecilia
    Cecilio Cedric Celia Cerys Cesar Cezary Chaim Chaminda Chantal Charalampos Charlene Charles Charlène Charmaine
    Cheikh Cheryl Chiamaka Chiara Chidi Chika Chinedu Chinonso Chinwe Chloe Chris Christa Christelle Christer
    Christina Christine Christoph Christophe Christopher Christos Christy Chukwuemeka Cian Ciara Ciaran Cillian Cindy
    Ciprian Ciro Claire Clara Clarence Clarissa Claudia Claudio Claus Clifford Clint Clodagh Clotilde Clyde Cláudia
    Clémence Clément Cole Colette Colin Colleen Connie Connor Conor Constance Constantin Cora Corentin Corey Corina
    Corinne Cormac Cornelia Cornelis Corrado Cory Cosimo Cosmin Costel Courtney Craig Crina Cristi Cristian Cristina
    Cristóbal Csaba Curtis Cynthia Czesław Cécile Céline César Călin Cătălin Daan Dafydd Dagmar Daichi Daiki Dainis
    Daisuke Dalia Damian Damien Damon Dan Danica Daniel Daniela Danielle Danijel Danièle Danuta Daphne Daria Dario
    Dariush Dariusz Darlene Darrell Darren Darryl Darya Daryl Dave Davi David Davide Davor Deanna Debbie Deborah Debra
    Declan Deepa Deepak Deepika Deirdre Dejan Delia Delilah Della Delphine Delyth Denis Denise Dennis Derek Desiree
    Desmond Despina Detlef Devin Dewi Dezső Dhruv Diana Diane Dianna Dianne Diarmuid Didier Diego Dieter Dietmar
    Dietrich Dilys Dimitra Dimitri Dimitrios Dimitris Dina Dinesh Dirk Divya Dmitri Dmitriy Dmitry Doina Domenico
    Dominic Dominik Dominique Don Donal Donald Donatella Donato Donna Donnacha Donnie Doreen Dorin Doris Dorota
    Dorothy Doug Douglas Dragan Dragana Dragoș Dumitru Duncan Dustin Dušan Duško Dwayne Dwight Dylan Débora Dénes
    Dörte Eamon Ebba Eberhard Ebru Eckhard Eddie Edgar Edgars Edith Edmund Edna Edoardo Edson Eduarda Eduardo Edward
    Edwin Edyta Eero Eeva Efa Efraim Eiji Eileen Eilidh Einar Eirlys Eitan Ekaterina Elaine Eleanor Eleftheria Elena
    Eleni Elfriede Eli Elif Elijah Elina Elisa Elisabetta Elise Elizabeth Eliška Elke Ella Ellen Ellie Elliot Elliott
    Elmar Eloise Elsa Elsie Elton Eluned Elvira Elżbieta Emanuele Emeka Emil Emilia Emilie Emilio Emily Emine Emma
    Emmanuel Emmanuelle Emmett Emre Emrys Encarnación Enrica Enrico Enrique Eoghan Eoin Eric Erica Erik Erika Erin
    Ernest Ernesto Ernie Ernst Erwin Erzsébet Eskil Esmeralda Espen Esra Esteban Estela Estelle Esther Estrella Eszter
    Ethan Ethel Ettore Euan Eugen Eugenia Eugenio Eugénie Eunice Eunji Eusebio Eva Evan Evangeline Evangelos Evelina
    Evelyn Evgeni Evgenia Evgeny Ewa Ewan Eyal Fabiana Fabien Fabienne Fabio Fabiola Fabián Fabrice Fabrizio Fahad
    Faisal Farah Farhad Farid Farida Farouk Farzaneh Fatima Fatma Fatou Fatoumata Fausto Federica Federico Felicia
    Felipe Felix Femi Femke Ferenc Fereshteh Fergal Fergus Fernanda Fernando Ffion Fidel Filip Filipe Filippo Filomena
    Finn Fiona Fionn Fionnuala Flavia Florent Florin Flávia Flávio Folake Folke Foteini Fotini Franc Franca Francesca
    Francesco Francine Francisco Franciszek František Franz Franziska François Françoise Fraser Fred Freda Freddie
    Frederick Fredrik Freya Frida Friederike Friedrich Fritz Frode Frédéric Fumiko Funmilayo Fyodor Fábio Gabriel
    Gabriela Gabriele Gabriella Gabrielle Gadi Gaetano Gail Galina Gareth Garry Gary Gaspard Gaston Gaurav Gavin Gaël
    Gaëlle Gbenga Gearoid Geert Geeta Gemma Genevieve Geneviève Gennady Gennaro Geoff Geoffrey Georg George Georges
    Georgina Georgios Georgy Geraint Gerald Geraldine Geraldo Gerardo Gerd Gerda Gergely Gerhard Gerlinde Germán
    Gerrit Gertrude Gethin Ghassan Gheorghe Ghislaine Giacomo Giada Gianluca Gianni Giannis Gideon Gilberto Gilles
    Gillian Gina Ginevra Ginny Gintaras Giorgi Giorgia Giorgio Giorgos Giovana Giovanna Giovanni Girish Gisela Giulia
    Giuliana Giulio Giuseppe Giuseppina Giusy Gladys Gleb Glenda Glenn Glenys Gloria Glyn Golnaz Gonzalo Gopal Goran
    Gordana Gordon Gottfried Govind Graciela Graeme Graham Grainne Grazia Grażyna Greg Gregor Gregory Greta Gretchen
    Grigori Grigory Grzegorz Grégoire Gudrun Guido Guillaume Guillermo Gulnara Gunhild Gunilla Gunnar Gunnhildur
    Gurpreet Gustaf Gustav Gustave Gustavo Guðrún Gwen Gwendolyn Gwyneth Gyula György Gábor Gérard Gökhan Göran Götz
    Günter Günther Habib Hadi Hafsa Haile Hakan Haley Halina Hallgrímur Halvor Hamid Hamish Hamza Hanan Hanna Hannah
    Hanne Hannelore Hannu Hans Harald Harish Harold Harpreet Harriet Harry Hartmut Haruka Haruki Haruko Haruto Hassan
    Hatice Hattie Hayley Hazel Heather Hector Hedvig Heidi Heike Heikki Heiko Heiner Heinrich Heinz Heitor Helen
    Helene Helga Helge Helgi Heli Helmut Hemi Hendra Hendrik Henk Henning Henri Henrietta Henrik Henrique Henry Henryk
    Herbert Herman Hermann Hernando Hernán Hervé Hideki Hideo Hikaru Hilary Hilda Hilde Hildegard Hiroki Hiroko
    Hiroshi Hiroto Hirut Hitomi Holger Holly Horacio Horia Horst Hortense Hossein Hovhannes Howard Hrvoje Hubert Hugh
    Hugues Humberto Humphrey Huong Hussein Huw Hyunwoo Håkan Héctor Hélène Hüseyin Iain Ian Ibrahim Ibrahima Ichiro
    Ida Idris Ieuan Ifeanyi Ifeoma Ignacio Igor Ikechukwu Ilan Ilaria Ildikó Ileana Ilie Ilkka Ilona Ilse Ilya Ilze
    Imogen Imran Imre Indira Ineke Inese Inge Ingeborg Ingemar Ingo Ingrid Inmaculada Inna Inès Inés Ioan Ioana Ioanna
    Ioannis Iolo Ionel Ionuț Irena Irene Ireneusz Irina Irma Irmgard Isaac Isabel Isabela Isabella Isabelle Isamu
    Ishaan Isidro Isla Ismael Ismail Istvan István Itai Itzhak Iulia Iulian Ivan Ivana Ivano Ivar Iveta Ivo Iwan Iwona
    Izabela Jaakko Jaap Jabulani Jacek Jacinto Jack Jackie Jaclyn Jacob Jacqueline Jacquelyn Jacques Jaden Jadranka
    Jadwiga Jaime Jake Jakob Jakub Jamal James Jamie Jamil Jamila Jana Jane Janelle Janet Janette Janez Janice Janie
    Janina Janine Janis Jannik Janos Janusz Jared Jari Jarmila Jarmo Jaroslav Jarosław Jarrod Jasna Jason Jaspreet
    Javad Javier Jayden Jayesh Jean Jeanette Jeanne Jeannie Jeff Jeffrey Jelena Jenna Jennifer Jenny Jens Jeremy Jeri
    Jermaine Jernej Jeroen Jerry Jerzy Jesper Jess Jesse Jessica Jessie Jiho Jihoon Jill Jillian Jim Jimin Jimmy
    Jindřich Jiri Jiro Jitka Jiwoo Jiří Joachim Joan Joann Joanna Joanne Joaquim Joaquín Jocelyn Jochen Jodi Jodie
    Jody Joe Joel Joey Johan Johann Johanna Johannes John Johnny Joko Jolanta Jolene Jon Jonas Jonathan Jonathon Joost
    Jorge Jorgen Joris Jose Josef Josefa Josefina Joseph Josephine Josh Joshua Josiah Josie José Jouni Jovan Jovana
    Joyce Jozef João Joël Juan Juana Juanita Judi Judit Judith Judy Juha Juhani Jukka Julian Juliana Julie Julien
    Juliet Juliette Julio Julita Juma Junichi Junko Juraj Jure Jurgen Jurgis Jussi Justin Justyna Jutta Jyoti Ján
    János Jérôme Jóhann Jóhanna Jón Józef Jörg Jørgen Júlia Jürg Jürgen Kaarel Kabir Kadri Kai Kaisa Kaj Kaleb
    Kalliopi Kalpana Kamal Kamau Kamil Kamila Kaori Kara Karan Kareem Karel Karen Kari Karim Karin Karina Karl Karla
    Karlheinz Karol Karolina Karsten Kartik Kasey Kasia Katalin Katarzyna Katarína Kate Katelyn Katerina Kateřina
    Katharina Katherine Kathie Kathleen Kathryn Kathy Katie Katja Katri Katrin Kavita Kayla Kaylee Kazimierz Kazuki
    Kazuko Kazuo Keegan Kees Keiko Keira Keita Keith Kellie Kelly Kelsey Kemal Ken Kendra Kenichi Kenji Kenneth Kenny
    Kenta Keoni Kerri Kerstin Kevin Khadija Khaled Khalid Kieran Kim Kimberly Kimmo Kinga Kiran Kirill Kirsten Kirsty
    Kiyoshi Kjell Kjersti Klara Klaus Knud Knut Koen Kofi Koichi Koji Konrad Konstantin Konstantina Konstantinos
    Kostas Kourosh Krešimir Krista Kristaps Kristen Kristi Kristian Kristin Kristina Kristine Kristoffer Kristy
    Krisztina Krystal Krystyna Krzysztof Ksenia Kseniya Kurt Květa Kwabena Kwadwo Kwaku Kwame Kwasi Kyle Kylie Kyoko
    Kyriakos Kálmán Käthe Kåre Ladislav Laetitia Laila Laima Lalit Lamont Lana Lara Larisa Larissa Larry Lars Lasse
    Laszlo Latifa Latoya Laura Laure Lauren Laurent Laurentiu Lauri Laurie Lawrence Layla Leah Leandro Leanne Leena
    Lefteris Leif Leigh Leila Leilani Lena Lenka Leon Leona Leonard Leonardo Leonid Leonor Lerato Leroy Lesley Leslie
    Leszek Leticia Letícia Levente Liadan Liam Libor Libuše Lidia Lieke Lieselotte Liisa Lila Liliya Lillian Lillie
    Lina Linda Lindsay Lindsey Linh Linnea Lionel Liron Lisa Lisbeth Lise Liviu Liz Liza Ljiljana Lois Lola Lorenza
    Lorenzo Loretta Lori Loris Lorna Lothar Lottie Louis Louisa Louise Lowri Loïc Luana Lubomír Lucas Lucia Lucian
    Luciana Luciano Lucie Lucien Lucille Lucinda Lucretia Lucy Ludmila Ludovic Ludovica Ludwig Luděk Luella Luis Luisa
    Luiz Luka Lukas Luke Lukáš Luminița Lutz Luíza Lydia Lyle Lynda Lynette Lynne Lyubov Lyudmila László Léa Léo Léon
    Maarten Mabel Maciej Mackenzie Maddie Madeleine Madeline Madhav Madhuri Maeve Magda Magdalena Maggie Magnus Mahesh
    Mahmoud Mair Mairead Mairi Maisie Makena Makoto Maksim Malcolm Malik Malin Mallika Mamadou Manaia Mandy Manfred
    Manish Manoj Manolis Manpreet Mansour Manuel Manuela Marat Marc Marcel Marcela Marcella Marcello Marcelo Marcia
    Marcin Marco Marcos Marcus Marek Margaret Margaux Margherita Margie Margot Marguerite Margus Maria Mariam Marian
    Mariana Mariangela Marianne Mariano Maribel Maricel Marie Marieke Marija Marijana Marijke Mariko Marilyn Marion
    Marit Marius Mariusz Mariya Marián Marja Marjatta Marjorie Markku Marko Markus Markéta Marlene Marlies Marloes
    Marsha Marta Martha Martijn Martin Martina Martín Marvin Mary Maryam Maryann Marzena María Masahiro Masaki Masako
    Masao Masato Massimiliano Massimo Matej Mateo Mateusz Matheus Mathieu Mathilda Mathilde Matilda Matilde Matjaž
    Matt Matteo Matthew Matthias Matti Mattias Matías Matúš Matěj Maud Maureen Maurice Mauricio Maurizio Mauro Maxime
    Maximilian Maxine Mayumi Maëlle Małgorzata Mechthild Meena Meera Megan Meghan Megumi Mehdi Mehmet Mehrdad Meike
    Melanie Meleri Melinda Melissa Melvin Menachem Meredith Merve Metka Mette Mia Michael Michaela Michal Michalis
    Michał Michel Michela Michele Michelle Michiko Midori Mieczysław Mieke Miguel Miha Mihaela Mihai Mihajlo Miho
    Mihály Mikael Mike Mikhail Mikkel Mikko Miklós Milica Millie Milorad Miloslav Miloš Mindaugas Mindy Minji Minjun
    Minna Minnie Minoru Mircea Mireille Mirela Mirella Miriam Mirjana Mirko Miroslav Mirosław Misaki Mislav Mitsuko
    Miyuki Mladen Mohamed Mohammad Mohammed Mohan Mohsen Moira Moisés Mojca Molly Monica Monika Monique Morag
    Mordechai Moritz Morten Moshe Mounir Moussa Muhammad Muireann Mukesh Murat Muriel Murilo Musa Mustafa Mwangi
    Myfanwy Mylène Myra Márcia Márcio Mária Márta Mélanie Mónika Nabil Nadav Nadezhda Nadia Nadine Najib Nancy Nandini
    Naoki Naoko Naomi Nasreen Nasrin Nasser Natalia Natalie Natalya Natasha Nataša Nathalie Nathan Nathaniel Natsuki
    Natália Naveen Nebojša Ned Neelam Neeraj Neha Neil Nejc Nellie Nerys Nettie Neven Neville Ngaire Ngoc Ngozi Nguyen
    Niall Niamh Nicholas Nichole Nick Nicola Nicolae Nicolas Nicole Nicoletta Nicolás Nicolò Niels Nienke Nigel Niina
    Nikau Nikhil Nikita Nikki Niklas Nikola Nikolai Nikolaos Nikolay Nikos Nilesh Niloufar Nils Nimal Nina Nisha Nitin
    Njeri Nkechi Nnamdi Noah Noam Noboru Nobuko Nobuo Noelle Nomsa Nomvula Nora Norbert Noreen Noriko Noémie Nuno
    Nursultan Nurul Oana Obinna Octavia Octavian Octavio Océane Oddvar Odile Ognjen Oisin Oksana Olaf Olav Oleg
    Oleksandr Oleksiy Olena Olga Olha Oliver Olivera Olivia Olivier Olli Olof Olumide Oluwaseun Omar Omer Omri Ondřej
    Onur Ophelia Oren Orhan Orla Orsolya Orville Osama Osamu Oscar Oskar Oswald Otieno Ottavia Ottmar Otto Otávio
    Ousmane Ovidiu Owain Owen Paavo Pablo Padma Padraig Paige Paloma Pam Pamela Panagiota Panagiotis Pankaj Pantelis
    Paola Paolo Paraskevi Parisa Parul Parviz Pascale Pascual Pasquale Patrice Patricia Patricio Patrick Patrizia
    Patrícia Patsy Patti Patty Paul Paula Paulette Paulina Pauline Paulo Pavel Pavla Paweł Pedro Peggy Pekka Penelope
    Pentti Percy Pernille Petar Pete Peter Petr Petra Petros Petru Petteri Phil Philip Philippa Philippe Phillip
    Phoebe Phuong Phyllis Piero Pierre Piet Pieter Pietro Piotr Pirjo Piroska Polina Polly Polona Pooja Prabhu Pradeep
    Prakash Pranav Prashant Pratik Praveen Predrag Preeti Primož Priscilla Priya Priyanka Przemysław Pyotr Pál Päivi
    Péter Quang Quentin Rachael Rachel Radek Radim Radka Radmila Radosław Radovan Radu Rafael Rafaela Rafał Raffaele
    Raffaella Ragnar Ragnheiður Rahul Raimo Rainer Raisa Rajeev Rajesh Rajiv Rakesh Ralf Ralph Ramesh Ramiro Ramon
    Ramona Ramón Randall Randolph Rania Ranjit Raphaël Raquel Rashid Rasmus Ratko Raul Ravi Raymond Raúl Rebecca
    Rebekah Reginald Rehema Reijo Reiko Rein Reinhard Rekha Renata Renate Renato Renee René Renée Rhian Rhiannon Rhoda
    Rhodri Rhona Rhonda Rhys Ricardo Riccardo Richard Rick Ricky Rida Riitta Rik Rina Rinaldo Rita Ritu Rivka Rob
    Robbie Robert Roberta Roberto Robyn Rochelle Rocío Roderick Rodney Rodolfo Rodrigo Rogelio Roger Rogério Rohan
    Rohit Roisin Roland Rolf Romana Rommel Ron Ronald Ronan Ronnie Rory Rosalia Rosalie Rosalind Rosanna Rosanne
    Rosaria Roseanne Rosemarie Roshni Rosie Roslyn Rostislav Rowan Rowena Roxana Roxanne Roy Ruairi Ruaridh Ruben
    Rubén Rudy Rufus Rui Rupert Ruslan Russell Rustam Ruth Ruud Ryan Ryo Ryota Ryszard Régine Réka Rémi Rémy Rüdiger
    Răzvan Růžena Sabine Sabrina Sachiko Sachin Sadie Saeed Sakura Salim Sally Salma Salvatore Sam Samantha Sami Samir
    Samira Samson Samuel Sandeep Sander Sandra Sandro Sangeeta Sanja Sanjana Sanjay Sanjeev Sanna Sanne Santosh
    Saoirse Sara Sarah Sarita Sascha Sasha Saskia Satish Satoru Satoshi Sauli Saurabh Savita Sayaka Saša Scarlett
    Scott Seamus Sean Sebastian Seema Segun Selam Selena Selin Selina Senad Seojun Seoyeon Seppo Sergei Sergey Sergio
    Serhiy Serkan Seth Sevgi Seydou Shai Shalini Shane Shankar Shari Sharmila Sharon Shaun Shawn Sheena Sheila Shelley
    Shelly Sheri Sherri Sheryl Shigeru Shilpa Shinichi Shinji Shinobu Shiori Shira Shirin Shirley Shizuka Shlomo Shogo
    Shota Shreya Shruti Shukhrat Shyam Sian Siddharth Siegfried Signe Sigrid Sigríður Sigurd Sigurður Silas Silke
    Silvia Silvio Silviu Simon Simona Simran Sinead Siniša Siobhan Sione Sioned Sipho Sirpa Sissel Siti Sizwe Siân
    Sjoerd Slamet Slavica Slavko Slobodan Smita Sneha Snežana Snorri Sofie Soheila Solange Solveig Solène Sonal Sonia
    Sonja Sonya Sophia Sophie Soraya Sorcha Soren Sorin Sorley Sotiria Sotirios Soyeon Spyridon Spyros Srđan Stacey
    Stacie Stacy Stan Stanislav Stanislaw Stanisław Stavros Stefan Stefania Stefano Steffen Steinunn Stelios Stephanie
    Stephen Steve Steven Stewart Stig Stine Stipe Stjepan Struan Stuart Sture Stéphane Stéphanie Sudha Sudhir Sujata
    Suman Sumiko Sumit Sungmin Sunil Sunita Sunčica Suresh Susan Susana Susanna Susannah Susanne Sushma Susie Susumu
    Suvi Suzanne Suzie Svein Sven Svenja Svetlana Swati Swen Sylvain Sylvester Sylvia Sylvie Szabolcs Szymon Sándor
    Sébastien Séverine Sônia Søren Sławomir Tabitha Tadashi Tadej Tadeusz Tadhg Tahir Taina Takahiro Takako Takashi
    Takeshi Takumi Tamara Tamati Tamaz Tammy Tamás Tania Tanja Tanner Tanvi Tanya Taras Tariq Tarja Tarmo Taro Tarun
    Tasha Tatiana Tatsuya Tatyana Ted Teemu Tegan Tendai Teodora Teodoro Terence Teresa Tereza Terje Terrance Terrence
    Terry Tesfaye Tessa Tetsuya Thabo Thaddeus Thais Thanasis Thandiwe Thanh Thao Thelma Themba Theo Theodora Theodore
    Theodoros Theresa Theresia Thiago Thibault Thierry Thijs Thilak Thomas Thora Thorsten Théo Thérèse Tiago Tibor
    Tiffany Tigist Tigran Tihana Tihomir Tiit Tijana Tijmen Tilman Tim Timmy Timo Timofey Timothy Timur Tina Tjaša
    Tobias Toby Todd Tolga Tom Tomas Tomasz Tomislav Tommaso Tommy Tomohiro Tomoko Tomos Tomoya Tomás Tomáš Tony
    Toomas Torbjørn Torsten Toru Toshiko Toshio Tove Tracey Tracy Traian Travis Trevor Tricia Trine Trisha Tristan
    Trond Trudy Trygve Tsubasa Tsutomu Tuan Tunde Tuomas Tuula Tuğba Tyler Tzipora Tünde Uday Udo Ulf Ulla Ulrich
    Ulrika Ulrike Umberto Uri Urmas Ursula Urszula Urvashi Urška Usha Usman Uta Ute Uwe Vaclav Vadim Valdas Valentin
    Valentina Valeria Valerie Valerio Valery Vandana Vanessa Vangelis Varun Vasile Vasiliki Vasily Vassilis Vaughn
    Vedran Velma Vendula Vera Verna Veronica Vesa Vesna Vicente Vicki Vickie Vicky Vidar Vidya Viggo Vijay Vikas
    Vikram Viktor Viktoria Ville Vilmos Vinay Vince Vincent Vincenzo Vineet Vinod Vinícius Virginie Virpi Vishal
    Vitaly Vitor Vittoria Vittorio Vitória Vivek Vivian Vivien Vlad Vladan Vladimir Vladimír Vladislav Vlado Vlasta
    Vlastimil Vojtěch Volkan Volker Volodymyr Vsevolod Vyacheslav Vytautas Václav Véronique Vít Věra Wafa Waldemar
    Waleed Walid Walter Waltraud Wambui Wanda Wangari Wanjiru Wayan Wayne Werner Wesley Whitney Wiesław Wilbur Wilfred
    Wilhelm Wilhelmina Willem William Willie Wilma Wim Winfried Winifred Wioletta Wiremu Witold Wojciech Wolfgang
    Wolfram Wouter Wyn Władysław Xavier Xiaoming Xiaoyu Ximena Yaakov Yael Yahya Yair Yakov Yana Yann Yannick Yannis
    Yanti Yaroslav Yash Yasin Yasmin Yasmine Yasser Yasuko Yegor Yehuda Yekaterina Yelena Yetunde Yevgeny Yiannis
    Yitzhak Yngve Yoav Yogesh Yoko Yolanda Yonatan Yosef Yoshiko Yoshio Yossi Yosuke Youngho Yousef Youssef Yui Yukari
    Yuki Yukiko Yukio Yuko Yulia Yumi Yumiko Yuna Yuri Yuriko Yury Yusuf Yusuke Yuta Yuto Yves Yvette Yvonne Zach
    Zachary Zack Zahra Zaid Zainab Zane Zanele Zara Zawadi Zayd Zbigniew Zdenka Zdeněk Zdravko Zdzisław Zeinab Zeynep
    Ziad Zinaida Zlatan Zlatko Zodwa Zoe Zofia Zoltan Zoltán Zoran Zorica Zoya Zoé Zrinka Zsolt Zsuzsanna Zsófia Zurab
    Zuzana Zuzanna Zvi Zvonimir Zygmunt Ágnes Álvaro Åke Åsa Çağlar Édouard Élise Élodie Éric Étienne Ólafur Óscar
    Ömer Özlem Þór Đorđe Ľubica Łukasz Špela Štefan Šárka Željko Ștefan
    """
)
"""First names of many countries, as they stand in English text, that seldom mean anything but a person."""

FIRST_BEFORE_SURNAMES_EN = read_words(
    """
    Alexandria Ali Allen Amal Aram Beverly Bill Blanca Blanche Brandy Brittany Brooke Calvin Carmen Cecil Christie
    Claude Clayton Cody Conrad Cooper Dale Dexter Dolores Eliza Elmer Eugene Eve Ezra Felicity Frances Frank Frankie
    Franklin Garrett Gilbert Grant Guadalupe Hailey Hank Harris Harvey Helena Hillary Hugo Hunter Irving Isaiah
    Jackson Jasper Jay Jeremiah Jerome Jesus Jesús Jo Jonah Julia Katrina Kay Kelvin Kendall Kerry Krishna Lachlan
    Lakshmi Landon Lee Leo Levi Lewis Lloyd Logan Lorraine Luigi Luther Lynn Margarita Marietta Mario Mark Marshall
    Mason Max Maxwell Micah Miles Milo Milton Miranda Mitchell Morgan Morris Moses Murray Nell Noel Parker Perry
    Pierce Piper Porter Portia Quincy Raj Ramsay Randy Ray Reagan Rosa Rosemary Ross Shannon Shelby Sheldon Sherman
    Sherry Sidney Simone Sofia Solomon Spencer Stanley Stella Taylor Thor Trang Valentino Vernon Wallace Warren Wei
    Wendy Willa Winnie Winston Zelda
    """
)
"""First names that are surnames, places, firms or figures as well: a surname must follow, or a cue come before."""

FIRST_AFTER_CUES_EN = read_words(
    """
    Abba Alma Ama Amber Amparo Angel Ante April Art Aryan Ash Asia August Aurora Austin Autumn Baby Bart Bas Bash
    Basil Bella Bishop Blessing Bo Bond Boss Bradford Britt Brooklyn Buddy Cameron Camille Candy Carlton Carmel
    Carolina Celeste Cem Chad Chance Charity Charlotte Chase Chelsea Cheri Cherie Cherry Chester Christian Clay Cliff
    Clifton Concepción Constant Consuelo Crystal Dag Dakota Dallas Dara Dawn Dean Deniz Destiny Devon Dolly Dora Dot
    Dov Drew Duc Duke Earl Eden Eko Elin Else Emi Enzo Esa Esi Esperanza Ever Faith Faye Feng Fern Floor Flora
    Florence Floyd Ford Forest Francis Gene Georgia German Ginger Gita Glen Goro Grace Gus Guy Hadas Hana Hari Harley
    Harmony Harsh Heath Hone Honey Hope Houston Huda Hui Hung Hyun Ike Indigo Inger Ion Iona Iris Israel Ivory Ivy
    Jade Jan Jasmine Java Jaya Jersey Jewel Jie Jing Jisoo Jordan Joy Jules Jun June Justice Kahu Kali Kent Kiri Kirk
    Kumar Lamar Lancaster Lance Laurel Lei Lester Lev Liberty Liga Lily Lima Lincoln Ling Liv Lorena Lourdes Luca Luz
    Mace Madison Mae Maia Maja Major Malak Marina Marisol Mato Mats May Mei Mel Mele Melody Mercedes Mercy Merle Mick
    Mika Milagros Milan Ming Mona Montserrat Myrtle Nada Nana Natividad Nelson Nia Nice Nino Noga Non Noor Norma
    Norman Nour Nova Novak Nuria Oder Ola Ole Olive Opal Orlando Outi Page Paris Pascal Pat Patience Paz Pearl Penny
    Per Pilar Prasad Precious Preston Prince Qiang Queen Rangi Rasa Reed Reem Regina Remedios Ren Rex Reza Rich Riku
    Rocco Rocky Rok Roman Roos Rosario Rosary Rose Ruby Rune Rusty Saad Sage Said Salvador Sana Sandy Santiago Sava
    Savannah Shanti Shiv Sierra Sky Sol Soledad Sonny Sora Sri Star Sterling Sue Summer Sunny Sydney Tad Tage Tamar
    Tane Tao Tapio Tara Temple Tero Tiger Tora Tore Trent Trinidad Trinity Troy Tudor Uche Uma Umar Umut Unni Val Van
    Victor Victoria Vid Vienna Viola Violet Virginia Vito Vuk Wade Wagner Warwick Washington Wellington Will Xiang Xin
    Yaa Yan Yaw Ying Yong Yun Zhang Zhen Zita Zora
    """
)
"""First names that are words, months or places as well: only a cue makes names of them."""

SURNAMES_EN = read_words(
    """
    Adeyemi Agarwal Aguilar Ahmed Alexander Allen Almeida Alvarez Andersen Anderson Andersson Andrews Armstrong Bailey
    Banerjee Barbosa Barnes Bauer Becker Bennett Berry Bianchi Boyd Bradley Braun Brennan Brewer Bruno Bryant Burns
    Butler Byrne Campbell Carlson Carroll Carvalho Castillo Castro Chatterjee Chavez Chen Choi Christensen Cohen
    Coleman Collins Colombo Conti Costa Crawford Cunningham Daniels Das Davis Demir Desai Diaz Dixon Dlamini Doherty
    Doyle Dubois Duncan Dupont Durand Dvořák Edwards Ellis Eriksson Esposito Evans Ferguson Fernandez Fernando Ferrari
    Ferreira Fischer Fisher Fitzgerald Flores Foster Fournier Fowler Fox Freeman Gallagher Gallo Garcia Gibson Girard
    Gomez Gonzales Gonzalez Gordon Graham Greco Griffin Gupta Gutierrez Guzman Hamilton Hansen Harris Hartmann Hayes
    Henderson Henry Hernandez Herrera Hicks Hoffman Hofmann Holmes Hopper Horvat Horváth Howard Huang Hudson Hughes
    Hussain Ionescu Ito Ivanov Ivanova Iyer Jackson Jenkins Jensen Jimenez Johansen Johansson Johnson Johnston Jones
    Jordan Joshi Jovanović Kapoor Karlsson Kato Kavanagh Kelly Kennedy Khan Kim Klein Kobayashi Koch Korhonen
    Kovačević Kovács Kowalski Krause Krüger Kuznetsov Lange Larsen Larson Larsson Laurent Lawson Lefebvre Lehmann
    Leroy Levy Lewandowski Lewis Lin Liu Lopez MacDonald Macleod Marino Marshall Martinez Martins Mason McCarthy
    McDonald McLaughlin Medina Mehta Mendez Mendoza Menon Mensah Meyer Mitchell Mizrahi Moore Morales Moreau Moreno
    Morgan Morris Mueller Mukherjee Munoz Murphy Murray Mwangi Myers Müller Nagy Nair Nakamura Nelson Neumann Nguyen
    Nichols Nielsen Nieminen Nikolić Nilsson Nkosi Novotný Novák Nowak O'Brien O'Connor O'Neill Okafor Okonkwo
    Oliveira Olsen Olson Olsson Ortiz Owens Owusu Palmer Papadopoulos Park Patel Patterson Pedersen Pereira Perera
    Perez Perry Persson Petersen Peterson Petrov Petrova Petrović Phillips Popescu Popov Powell Quinn Ramirez Ramos
    Rao Rasmussen Reddy Reyes Reynolds Ribeiro Ricci Rice Richardson Richter Rivera Roberts Robertson Robinson Rocha
    Rodriguez Rogers Romano Romero Rosales Rossi Rousseau Ruiz Russell Russo Ryan Salazar Sanchez Sanders Santos Sato
    Schmidt Schneider Schroeder Schulz Schwarz Shah Sharma Shaw Silva Simmons Simpson Singh Smirnov Smirnova Smith
    Sokolov Soto Souza Spencer Stephens Stevens Stewart Sullivan Suzuki Svensson Svoboda Szabó Szymański Sørensen
    Takahashi Tanaka Taylor Thompson Torres Tucker Vargas Vasquez Verma Virtanen Wagner Wallace Wang Warren Washington
    Watanabe Watson Weber Wells Werner Whitfield Williams Wilson Wiśniewski Wolf Wright Wu Yamada Yamamoto Yoshida
    Yılmaz Zhao Zhou Zieliński Zimmermann Çelik Şahin
    """
)
"""Surnames as they stand in English text, for first names that are words as well."""
