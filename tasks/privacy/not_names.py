"""English words that stand where a name may stand, written down from general knowledge."""

from tasks.privacy.gazetteer import read_words

OF_PLACES_AND_FIRMS = read_words(
    """
    Street Road Avenue Lane Drive Boulevard Square Court Place Terrace Highway Bypass University College School Academy
    Institute Hospital Clinic Hotel Inn River Creek Lake Beach Park Canyon Falls Island Islands City Town County Village
    Valley Mountain Mountains Mount Hills Peak Bay Station Airport Church Cathedral Chapel Bridge Harbor Harbour Port
    Desert Ocean Sea Coast Inc Corp Ltd LLC Co Company Group Bank Bros Brothers Sons Research Investments Associates
    Holdings Consulting Solutions Systems Technologies Laboratory Laboratories Airline Airlines Airways Insurance Museum
    Library Theatre Theater Stadium Center Centre Foundation Memorial Award Awards Prize Medal Trophy Day Days Festival
    Cup Bowl Law Theorem Effect Motors Records Studios Press Publishing Railway Dynasty Empire Kingdom Republic War
    Bible Gospel Version Edition Series Collection Initiative Association Society
    Alliance Union Fund Trust Agreement
    """
)
NO_SURNAMES = OF_PLACES_AND_FIRMS | read_words(
    """
    Week Line Act Battle Psalm Club Team Department Office Support Service Services Project Program Plan Account Card
    Phone Email Address Payment Payments Pay Value Values Length Size Width Height Complete Completed Done Read Unread
    Application Applications Writing Money Number Amount Due Total Statement Rate Limit Speed Score Level
    And Or The Is Was Are Has Had Have Will Would Can Could Should May Must Did Does Do For From With At In On To Of By
    As If But So Then That This These Those There Here Who What When Where Why How Which It He She They We You I My
    Your His Her Their Our Its A An Not No Yes Please Thanks Thank Hi Hello Dear After Before Because While Since Also
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April June July August September
    October November December
    """
)
"""Words that never are the second word of a name: of places, firms and works, and those that begin a sentence."""
NO_NAMES = NO_SURNAMES | read_words(
    """
    Customer Customers Client Clients Agent Operator Representative Rep Manager Managers Director Editor Admin
    Administrator Administration Moderator Committee Board Council Staff Colleague Colleagues Member Members Partner
    Partners Friend Friends Folks Guys Guy Gang People Everyone Everybody Anyone Anybody Someone Somebody Nobody All
    Both Each Sir Sirs Madam Madame Maam Miss Mister Mr Mrs Ms Dr Prof Professor Doctor Officer Captain Ladies
    Gentlemen Lady Gentleman Mom Mum Mommy Mummy Dad Daddy Mother Father Grandma Grandpa Granny Auntie Aunt Uncle
    Brother Sister Son Daughter Kids Children Baby Honey Darling Sweetheart Sweetie Love Dude Buddy Man Boss Neighbor
    Neighbour Parents Students Student Teacher Teachers Class Reader Readers Subscriber Subscribers User Users Guest
    Guests Visitor Visitors Applicant Candidate Recruiter Hiring Human Resources Sales Marketing Finance Billing
    Accounting Security Technical Tech Help Desk Helpdesk Information Info Engineering Human World God Lord Santa
    Jesus Diary Heaven Sales Secretary President Minister Senator Congressman Governor Mayor Chairman King Queen Prince
    Princess Siri Alexa Cortana Google Amazon Apple Microsoft Facebook Twitter Netflix Windows Android Bot Chatbot
    Assistant Unknown None Null Anonymous Undefined Required Optional First Last Middle Full Maiden Given Family
    Product File Field Number Name Names Title Type Date Time Value Example Test Sample Default Valued New Old Good
    Great Best Nice Well Ok Okay Sure Right Wrong True False Correct Sorry Welcome Congratulations Bye Goodbye Cheers
    Regards Sincerely Yours Truly Sent Get Got Let Just Now Today Tomorrow Tonight Yesterday Later Soon Again Always
    Never Maybe Perhaps Once Only Even Still Very Much Many More Most Some Any Every Other Another Such Same Morning
    Afternoon Evening Night Back Me Him Us Them Signed Myself Mine Ours Am Be Been Being Were Having Looking Hope Hoping
    Wishing Any Anything Something Nothing Everything Question Answer Note Subject Re Fwd Regarding Order Invoice
    Call Contact Click Download Open Save Read See View Go Come Take Make Give Send Write Tell Ask Say Try Use Need Want
    Know Think Feel Like Look Check Find Keep Start Stop Wait Ask Another Internet English American British French
    German Spanish Italian Chinese Japanese Russian Indian African European Asian Canadian Australian Christian Muslim
    Jewish Catholic Hindu Buddhist America England Britain London France Paris Germany Spain Italy China Japan Russia
    India Africa Europe Asia Canada Australia Mexico Brazil Earth Mars
    """
)
FIRMS_LIKE_PERSONS = frozenset(
    name.replace("_", " ")
    for name in read_words(
        """
        Ann_Taylor Betty_Crocker Calvin_Klein Charles_Schwab Charlotte_Russe Christian_Dior Eddie_Bauer
        Elizabeth_Arden Emilio_Pucci Estee_Lauder Fannie_Mae Freddie_Mac Giorgio_Armani Harley_Davidson
        Helena_Rubinstein Helly_Hansen Hugo_Boss Jack_Daniels Jack_Wolfskin Jimmy_Choo Jimmy_John Joe_Fresh
        John_Deere Johnny_Rockets Kate_Spade Laura_Ashley Louis_Vuitton Marc_Jacobs Mary_Kay Michael_Kors Miu_Miu
        Morgan_Stanley Nina_Ricci Oliver_Wyman Oscar_Mayer Papa_John Ralph_Lauren Russell_Stover Sam_Adams Sara_Lee
        Stella_Artois Stella_McCartney Steve_Madden Ted_Baker Thomson_Reuters Tommy_Bahama Tommy_Hilfiger Tory_Burch
        Uncle_Ben Virginia_Slims Wolfram_Alpha Wolfram_Language
        """
    )
)
"""Brands and firms that are called like persons."""
US_STATES = read_words(
    """
    Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Hawaii Idaho Illinois
    Indiana Iowa Kansas Kentucky Louisiana Maine Maryland Massachusetts Michigan Minnesota Mississippi Missouri
    Montana Nebraska Nevada New Ohio Oklahoma Oregon Pennsylvania Rhode South North Tennessee Texas Utah Vermont
    Virginia Washington West Wisconsin Wyoming
    """
)
"""States of the United States, or their first words: a name before them is a town."""
NEVER_LOWER_NAMES = read_words(
    """
    a about account actually address after again all already also am an and any anyone are as asking at be
    because been being book booked booking but by calling can card changed come contact correct could company
    customer date delivery different do does email fine for from go going good had has have having he hello help
    here hi how i id if in incorrect is it its just kindly last like listed live looking me mentioned missing
    misspelled mistyped my name need needs no not now number of ok okay on or order our out password phone
    please printed put registered right ref sir she showing so sorry spelled spelt still sure thank thanks that
    the there they this to too today under unknown up updated us username want was we well what when where which
    who why will with working would written wrong yes yet you your zip
    """
)
"""Words that follow "my name is" or a first name in lower case without being a name."""
FIRST_NAMES_THAT_ARE_WORDS = read_words(
    """
    abby amber bill carol chad christian cliff cooper dale dan dawn dean don donna drew ella eve faith frank gay gene
    grace grant guy hank harry hazel heather holly hunter jack jean jenny jimmy ken kim lane lee mark marshall mason
    max may merit mike miles molly morris moses ned nick noel norm parker patsy pat penny peter pierce piper polly
    porter randy ray rich rick rob robin rod rowan ruth sally sandy scarlett shelly sherry spencer stan stella sue
    tanner taylor ted terry timothy tony van victor warren will winnie wade
    """
)
"""First names, in lower case, that are English words as well."""
