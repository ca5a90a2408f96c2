"""Passwords that everybody tries first; whoever picks one is asked for another.

The list covers what online guessing reaches before limits stop it. Shorter ones need no entry,
since the length rule refuses them.
"""

import string
from typing import Final

_LISTED: Final = frozenset(
    """
    00000000 000000000 0000000000 01012000 01020304 0102030405 01234567 012345678 0123456789
    11112222 11223344 1122334455 112233445566 12121212 1212121212 12312312 123123123 1231231234
    12341234 123412341234 12344321 12345678 123456789 1234567890 12345678900 12345678910
    123456789a 12345678a 123456789q 12345678q 1234567q 1234567a 123456123456 123456654321
    1234567891 123456789123 12345qwert 12345qwerty 1234abcd 1234asdf 1234qwer 1234qwerty 123abc123
    123asd123 123qwe123 123qweasd 123qweasdzxc 12qwaszx 13131313 13243546 134679852 13579246
    135792468 14142135 147258369 147852369 14789632 159159159 159357456 159753456 18436572
    19191919 1a2b3c4d 1a2s3d4f 1g2w3e4r 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz1qaz 1qaz2wsx
    1qaz2wsx3edc 1qazxsw2 1qazzaq1 20102010 21212121 22222222 222222222 23232323 24681012
    25802580 30303030 31415926 314159265 32103210 321321321 33333333 333333333 3rjs1la7qe
    43214321 44444444 444444444 45454545 456456456 456789123 55555555 555555555 5555555555
    66666666 666666666 6666666666 69696969 741852963 7418529630 77777777 777777777 7777777777
    78787878 789456123 789789789 85208520 87654321 88888888 888888888 8888888888 963852741
    987654321 9876543210 98765432 99999999 999999999 9999999999 a1234567 a12345678 a123456789
    a1b2c3d4 a1b2c3d4e5 a1s2d3f4 aa123456 aa12345678 aaaaaaaa aaaaaaaaa aaaaaaaaaa abc12345
    abc123456 abc123abc abcabcabc abcd1234 abcd12345 abcdabcd abcde12345 abcdefgh abcdefghi
    abcdefghij access14 access123 access1234 account1 accounts admin123 admin1234 admin12345
    admin123456 adminadmin administrator agent007 alexande alexander alexandra alphabet america1
    amsterdam anderson andrew01 angel123 angelina anthony1 apple123 arsenal1 asd123456 asdasd123
    asdasdasd asdf1234 asdf12345 asdfasdf asdfasdfasdf asdfghjk asdfghjkl asdfjkl1 asdqwe123
    ashley12 athletic azerty12 azerty123 azertyui azertyuiop babygirl babygirl1 bailey12 banana12
    barcelona barcelona1 baseball baseball1 basketball batman123 beautiful beautiful1 benjamin
    bigdaddy bismillah blahblah blink182 bluebird bollocks bonjour1 booboo12 brandon1 brittany
    broncos1 bubbles1 buster12 business butterfl butterfly butterfly1 calendar california cameron1
    captain1 caroline carolina carpedie challenge champion changeit changeme changeme1 changeme123
    charles1 charlie1 charlotte cheese12 chelsea1 chicago1 chicken1 chocolate chocolate1 chopper1
    christian christin christina christine christmas classic1 coca-cola cocacola commando computer
    computer1 consumer corvette courtney cowboys1 creative cristian cristina crystal1 december
    default1 defender diamond1 dickhead dodgers1 dolphin1 dolphins dont4get dragon12 dragon123
    drowssap einstein elephant elizabeth elizabeth1 emmanuel everton1 everything experien explorer
    facebook facebook1 falcons1 february fenerbahce ferrari1 firebird fishing1 flower12 flowers1
    fluffy12 football football1 football12 football123 footjob1 forever1 forgetme forgot123
    formula1 frances1 franklin freedom1 friends1 fuckyou1 fuckyou12 fuckyou123 fuckyou2 gabriela
    galatasaray garfield gateway1 genesis1 getmoney giants12 gladiator goldfish gordon24 graphics
    guest123 guinness guitar12 hahahaha hallo123 hardcore harley12 hawaii50 heather1 hello123
    hello1234 hellohello helpme12 hercules heslo123 hello12345 hollywood homerun1 hottie12
    hunter12 hurricane iceman12 icecream iloveyou iloveyou1 iloveyou12 iloveyou123 iloveyou2
    iloveyou! ilovegod imagine1 inter123 internet internet1 inuyasha ironman1 jackass1 jackson1
    james007 jasmine1 jennifer jennifer1 jeremiah jessica1 jesus123 jesuschrist johannes john1234
    johnny12 johnson1 jonathan jordan12 jordan123 jordan23 juventus katherine kathleen killer12
    killer123 kimberly kingking kingston kristina kristine lakers24 lampard8 lauren12 leonardo
    letmein1 letmein12 letmein123 letmein! liberty1 lifehack lineage2 lipstick liverpoo liverpool
    liverpool1 logitech london12 lovelife lovelove loveyou1 loveyou2 lovers12 ludacris machine1
    madison1 magic123 manchester manunited marlboro marshall martinez master12 master123 matthew1
    maverick maxwell1 melissa1 mercedes mercury1 metallica metallic michael1 michael2 michelle
    michelle1 microsoft midnight millions minecraft minecraft1 misfit99 mississippi money123
    monkey12 monkey123 monster1 montana1 morrison motorola mountain mozart12 mustang1 mypassword
    myspace1 naruto12 nascar24 natalie1 national newcastle newpassword newyork1 nicholas nicholas1
    nintendo nirvana1 nothing1 november oblivion october1 office12 oliver12 operator orange12
    overlord p455w0rd p4ssw0rd p@$$w0rd p@55w0rd p@ssw0rd p@ssw0rd1 p@ssw0rd12 p@ssw0rd123
    p@ssword p@ssword1 p@ssword123 pa$$w0rd pa$$word pa55w0rd pa55word paradise parola12
    pass1234 pass12345 pass@123 pass@word1 passord1 passport passpass passw0rd passw0rd1
    passw0rd12 passw0rd123 password password! password0 password01 password1 password1!
    password10 password11 password12 password123 password123! password1234 password12345
    password2 password3 password4 password5 password7 password8 password9 password99
    passwordpassword passwort passwort1 patricia patrick1 peaches1 peanut12 pebbles1 personal
    phantom1 phoenix1 pictures pineapple platinum playboy1 pokemon1 pokemon12 pokemon123 porsche1
    precious preston1 princesa princess princess1 princess12 princess123 property punisher
    pussycat q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qawsedrf qazqazqaz qazwsx12 qazwsx123 qazwsxed
    qazwsxedc qazwsxedcrfv qazxsw21 qqqqqqqq qwaszx12 qwe123456 qwe123qwe qweasd12 qweasd123
    qweasdzx qweasdzxc qweqweqwe qwer1234 qwer12345 qwerasdf qwerqwer qwert123 qwert1234 qwert12345
    qwerty00 qwerty01 qwerty11 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwerty77
    qwerty99 qwertyqwerty qwertyui qwertyuio qwertyuiop qwertyuiop1 qwertzui qwertzuiop rainbow1
    ranger12 realmadrid rebecca1 redskins remember richmond roadkill robert12 rockstar rockyou1
    ronaldo7 rootroot rush2112 saibaba1 samantha samantha1 samsung1 samsung123 sandiego santiago
    scarface scooter1 scorpion secret12 secret123 secret1234 secretsecret security semperfi
    september septembe serenity shadow12 shadow123 sharks12 shelby12 shitface shithead showtime
    slipknot slipknot1 snickers snoopy12 snowball snowboard soccer12 soccer123 softball something
    southpark sparky12 spartans spiderma spiderman spiderman1 spitfire spongebob spongebob1 squirrel
    starcraft stargate startrek starwars starwars1 stephanie steelers steelers1 stranger strawberry
    student1 suckmyd1 summer00 summer01 summer12 summer123 sunflower sunshine sunshine1 sunshine12
    superman superman1 superman12 superman123 superstar superstar1 survivor swordfis swordfish
    system32 target123 taylor12 teacher1 teddybear telephone temp1234 temppass test1234 test12345
    test123456 testing1 testing123 testpass testtest thailand thebest1 theboss1 theforce theodore
    theking1 therock1 thunder1 tiger123 tigger12 timberla timothy1 tinkerbell tomorrow tottenham
    training travis12 trinity1 triumph1 trouble1 trustno1 trustno11 truelove tuesday1 tweety12
    twilight united12 universe unknown1 valentin valentina valentine vampire1 vanessa1 veronica
    vfhbyf123 victoria victoria1 vincent1 virginia volkswag volleyball warcraft warcraft1 warrior1
    warriors webmaster welcome1 welcome12 welcome123 welcome1234 welcome2 welcome@123 westside
    whatever whatever1 whiskey1 whocares wildcats william1 williams windows1 winner12 winston1
    winter12 wolverine wonderful wordpass xxxxxxxx xavier12 yamaha12 yankees1 yankees2 yourmom1
    youtube1 yxcvbnm1 zaq12wsx zaq1xsw2 zaq1zaq1 zaqwsx12 zaqxswcde zxcasdqwe zxcasdqwe123
    zxcv1234 zxcvbnm1 zxcvbnm12 zxcvbnm123 zxcvbnmz zxcvzxcv zzzzzzzz
    """.split()  # noqa: SIM905 - a thousand quoted literals would be harder to read
)

_RUNS: Final = (
    string.ascii_lowercase,
    string.digits * 2,
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)
_LONGEST_UNIT: Final = 4


def is_common(password: str) -> bool:
    """Tell whether a password is listed, one short text over and over, or one run of keys."""
    folded = password.casefold()
    return folded in _LISTED or _is_repeated(folded) or _is_run(folded)


def _is_repeated(text: str) -> bool:
    units = (text[:length] for length in range(1, min(_LONGEST_UNIT, len(text) // 2) + 1))
    return any(
        unit * (len(text) // len(unit)) + unit[: len(text) % len(unit)] == text for unit in units
    )


def _is_run(text: str) -> bool:
    return any(text in run or text in run[::-1] for run in _RUNS)
