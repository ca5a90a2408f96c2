"""What a person wants, told by how they say it. Pure and total: every text has exactly one intent.

A fixed list of patterns, tried in order; this is no understanding of language. What is done about
an intent is decided in `assistant`.
"""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from netra_backend.app.agents.assistant.intents import (
    About,
    Calculate,
    CountDays,
    DeleteThread,
    Greeting,
    Help,
    Intent,
    ListThreads,
    Search,
    Summarise,
    SummariseText,
    Thanks,
    TimeNow,
    Unknown,
    WhichDay,
    WhoAmI,
)
from netra_backend.app.agents.assistant.wording import Wish, searched_for, tidied
from netra_backend.app.agents.reckoning.arithmetic_words import is_arithmetic
from netra_backend.app.agents.reckoning.days import MAX_LENGTH as MAX_DAY
from netra_backend.app.agents.reckoning.days import is_day
from netra_backend.app.agents.tools.summarise_thread import LAST, THIS

MAX_QUESTION: Final = 500
"""A longer text is no question of a kind that is known here, except one to summarise."""

_MAX_TITLE: Final = 200
_THREAD: Final = r"(?:threads?|chats?|conversations?|discussions?)"
_ONE_THREAD: Final = r"(?:thread|chat|conversation|discussion)"
_DATE: Final = r"(?:(?:week)?day(?: of the week)?|date)"
_SUMMARISE: Final = (
    r"(?:summari[sz]e|sum up|recap|tl;?dr|(?:a |the )?(?:short |brief |quick )?(?:summary|recap))"
)
_WAS: Final = r"(?:is|was|will|does|did)(?: it| the| this)*(?: be| fall)?(?: on)?(?: the)?"
_SAID: Final = (
    r"(?:say|said|write|written|wrote|mention|mentioned|talk|talked|speak|spoken|tell|told|ask|"
    r"asked|discuss|discussed|note|noted)(?: (?:you|anything|something))?(?: to you)?"
    r"(?: (?:about|of|on|for|regarding))?"
)
_DELETE: Final = r"(?:delete|remove|erase|bin|trash|discard|get rid of|throw away)"
_MINE: Final = (
    r"(?:(?:all )?(?:of )?(?:my|our|the|any|every) )?(?:old |past |previous |other )?"
    rf"(?:messages?|notes?|history|posts?|{_THREAD})"
)

_PASTED: Final = re.compile(
    rf"\s*(?:please )?{_SUMMARISE}(?: (?:this|the following)(?: text)?)?\s*[:\n]\s*(?=\S)",
    re.IGNORECASE,
)
_LONG_ENOUGH: Final = 80
"""Characters: less than that after a colon is a title."""


def understood(text: str) -> Intent:
    """Say what a person wants."""
    # Without white space at its end a text cannot make the pattern look at each place twice.
    text = text.strip()
    pasted = _PASTED.match(text)
    if pasted is not None and len(text) - pasted.end() >= _LONG_ENOUGH:
        return SummariseText(text[pasted.end() :])
    if len(text) > MAX_QUESTION:
        return Unknown()
    wish = tidied(text)
    for rule in _RULES:
        intent = rule(wish)
        if intent is not None:
            return intent
    return Unknown()


_Rule: TypeAlias = Callable[[Wish], Intent | None]


def _fixed(pattern: str, intent: Intent) -> _Rule:
    compiled = re.compile(pattern, re.IGNORECASE)

    def rule(wish: Wish) -> Intent | None:
        return intent if any(compiled.fullmatch(said) for said in wish.spellings) else None

    return rule


def _with(pattern: str, make: Callable[[re.Match[str]], Intent | None]) -> _Rule:
    compiled = re.compile(pattern, re.IGNORECASE)

    def rule(wish: Wish) -> Intent | None:
        match = compiled.fullmatch(wish.plain)
        return None if match is None else make(match)

    return rule


def _summarise(match: re.Match[str]) -> Intent:
    which = (match["which"] or "").strip(" :\"'")
    if re.fullmatch(
        rf"(?:|this|it|that|all|everything|this one|us|(?:this|the|our|my)(?: current| whole)? "
        rf"{_THREAD}|so far|what (?:we|i) (?:have )?(?:said|wrote|written|talked about)(?: so far)?"
        rf"|here)",
        which,
        re.IGNORECASE,
    ):
        return Summarise(THIS)
    if re.fullmatch(
        rf"(?:the |my |our )?(?:last|previous|latest|other|prior|most recent)(?: {_THREAD}| one)",
        which,
        re.IGNORECASE,
    ):
        return Summarise(LAST)
    title = re.sub(
        rf"^(?:(?:the|my|our) )?{_THREAD} (?:(?:about|on|called|named|titled|with) )?|"
        rf"^(?:the|my|our) (?=.+ {_THREAD}$)|(?<=.) {_THREAD}$",
        "",
        which,
        flags=re.IGNORECASE,
    ).strip(" \"'")[:_MAX_TITLE]
    return Summarise(title or THIS)


def _delete(match: re.Match[str]) -> Intent | None:
    which = (match["which"] or match["before"] or match["quoted"] or "").strip(" :\"'")[:_MAX_TITLE]
    last = r"(?:the |my |our )?(?:last|previous|latest|other|prior|most recent)"
    if match["all"] or re.fullmatch(
        r"(?:this|it|the|my|our|(?:the |this )?(?:current|whole))?", which, re.IGNORECASE
    ):
        return DeleteThread(THIS)
    if re.fullmatch(last, which, re.IGNORECASE):
        return DeleteThread(LAST)
    return DeleteThread(re.sub(r"^(?:the|my|our) ", "", which, flags=re.IGNORECASE))


def _search(match: re.Match[str]) -> Intent:
    return Search(searched_for(match["words"] or ""))


def _count(match: re.Match[str]) -> Intent | None:
    groups = match.groupdict()
    start, end = groups.get("start") or "today", groups.get("end") or "today"
    return CountDays(start, end) if max(len(start), len(end)) <= MAX_DAY else None


def _which_day(match: re.Match[str]) -> Intent | None:
    return WhichDay(match["day"]) if len(match["day"]) <= MAX_DAY else None


def _day_if_it_is(match: re.Match[str]) -> Intent | None:
    return WhichDay(match["day"]) if is_day(match["day"]) else None


def _arithmetic(wish: Wish) -> Intent | None:
    lead = re.match(
        r"(?:what(?:'s| is| are| does)?|how much (?:is|are|does)|calculate|compute|evaluate|"
        r"work out|reckon|solve|find|the value of|the result of)\b[: ]*",
        wish.plain,
        re.IGNORECASE,
    )
    rest = wish.plain if lead is None else wish.plain[lead.end() :]
    rest = re.sub(r"\s*(?:=\s*|equals?|make|makes|come to)?$", "", rest, flags=re.IGNORECASE)
    if is_arithmetic(rest) and not is_day(rest):
        return Calculate(rest)
    # Asked for in so many words, a sum with a mistake in it is answered by what is wrong.
    if lead is not None and re.match(r"calc|comp|eval|work|reckon|solve", lead[0], re.IGNORECASE):
        return Calculate(rest) if re.search(r"[0-9]", rest) else None
    return None


_RULES: Final[tuple[_Rule, ...]] = (
    _fixed(
        r"(?:hi|hello|hey|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|moin|"
        r"hallo|how are you(?: doing)?(?: today)?)(?: there| you| assistant| netra| all)?",
        Greeting(),
    ),
    _fixed(
        r"(?:(?:many )?thanks?(?: you)?(?: so much| very much| a lot)?|thx|ty|cheers|"
        r"great|perfect|nice|cool|ok|okay|bye|goodbye|good night)(?:,? thanks?(?: you)?)?",
        Thanks(),
    ),
    _fixed(
        r"who ?am ?i(?: here)?(?:,? and what (?:may|can|am) i(?: allowed to)? do(?: here)?)?|"
        r"who i am(?:,? and what i (?:may|can) do)?|whoami|"
        r"what (?:may|can) i do(?: here)?|what i (?:may|can) do|what am i allowed to do(?: here)?|"
        r"(?:what are |what's |show )?my (?:permissions?|rights?|roles?|account|identity)|"
        r"(?:what's )?my (?:user ?id|user ?name|id)|"
        r"what(?:'s| is) my (?:user ?id|user ?name|id|account|identity|role|name)|"
        r"(?:am i|who is) (?:logged|signed) in|which (?:account|user) (?:am i|is this)|"
        r"what (?:permissions?|rights?|roles?) do i have",
        WhoAmI(),
    ),
    _fixed(
        r"(?:who|what) are you|what(?:'s| is) your name|are you (?:a |an )?(?:real |actual )?"
        r"(?:human|person|bot|robot|ai|a\.i\.|chatgpt|gpt|claude|gemini|llm|language model|model|"
        r"machine|assistant)|"
        r"(?:which|what) (?:language )?model (?:are you|is this)|tell me about yourself|"
        r"(?:about )?yourself|introduce yourself|"
        r"who am i (?:talking|speaking|chatting) (?:to|with)",
        About(),
    ),
    _fixed(
        r"help(?: me)?|\?+|commands?|usage|menu|options|examples?|manual|instructions|"
        r"what (?:can|could|do|else can) (?:you|i) (?:do|help(?: me)? with|ask(?: you)?|answer|"
        r"offer|know)(?: for me| here)?|what you can do(?: for me)?|how (?:can|could) you help"
        r"(?: me)?|how (?:do|can) i use (?:you|this)|how does this work|"
        r"what (?:are )?(?:your )?(?:abilities|capabilities|commands|features|skills|tools)"
        r"(?: do you have)?|(?:list |show )?(?:your )?(?:abilities|capabilities|commands|tools)",
        Help(),
    ),
    _fixed(
        r"(?:list|show|see|display|which are|what are|which|what)?(?: me)?(?: all)?(?: of)?"
        r"(?: ?my| ?the| ?our)?(?: latest| recent| last| newest| open)?(?: [0-9]{1,3})? ?"
        r"(?:threads|chats|conversations|discussions)(?: do i have| are there| have i| i have)?|"
        r"how many (?:threads|chats|conversations) (?:do i have|are there|have i)|"
        r"what (?:have|did) (?:we|i) talk(?:ed)? about(?: recently| lately| so far| before)?",
        ListThreads(),
    ),
    _with(
        rf"{_SUMMARISE}(?: of| for| on| about)?(?::? (?P<which>.+))?",
        _summarise,
    ),
    _with(
        rf"{_DELETE} (?:(?P<all>this|it|everything here)(?: {_ONE_THREAD})?|"
        rf"(?:(?:the|my|our|that) )?(?:old )?{_ONE_THREAD}:? "
        r"(?:(?:about|on|called|named|titled|with) )?(?P<which>.+)|"
        rf"(?P<before>.+) {_ONE_THREAD}|[\"'](?P<quoted>[^\"']+)[\"'])",
        _delete,
    ),
    _with(
        r"(?:what time is it|what(?:'s| is) the time|(?:what(?:'s| is) )?(?:the |my )?"
        r"(?:current |local |exact )?time|what time|how late is it)(?: right)?(?: now)?"
        r"(?: (?:is it )?(?:in|at) (?P<place>[\w ./'+-]{1,60}?))?(?: right)?(?: now| today)?",
        lambda match: TimeNow(match["place"]),
    ),
    _fixed(
        rf"(?:(?:what|which)(?:'s| is)?(?: the)?(?: current)? {_DATE}(?: of)?(?: is)?(?: it)?"
        rf"(?: is)?(?: today| now)?|(?:today's|the|current|todays) {_DATE}|{_DATE}|"
        r"what(?:'s| is) today(?:'s date)?)",
        WhichDay("today"),
    ),
    _with(
        r"(?:how (?:many (?P<unit>days|weeks)|long|far)|days)(?: is it| are (?:there|left)| do i"
        r"(?: still)? have| remain| left| to go)?(?: left)? (?:until|till|to|before) (?P<end>.+)",
        _count,
    ),
    _with(
        r"(?:how (?:many (?:days|weeks)|long)|days)(?: is it| has it been| have passed| ago is| ago"
        r" was| passed)? (?:since|ago was|ago is) (?P<start>.+)",
        _count,
    ),
    _with(
        r"(?:what(?:'s| is) the )?(?:(?:how many|number of|the) ?)?(?:working ?days|workdays|days|"
        r"weeks|time|difference|how long)(?: are there| is it| lie| are)? "
        r"(?:between|from) (?P<start>.+?) (?:and|to|until|till) (?P<end>.+)",
        _count,
    ),
    _with(
        rf"(?:on )?(?:what|which) {_DATE} {_WAS} (?P<day>.+?)(?: on| fall on| fall| be)?",
        _which_day,
    ),
    _with(
        rf"(?:what(?:'s| is| was| will be)? )?(?:the )?{_DATE}(?: of| on| for| is| was)? "
        r"(?P<day>.+)",
        _day_if_it_is,
    ),
    _with(
        r"(?:when(?:'s| is| was)|what is|what's|which is|is|the day) (?P<day>.+)",
        _day_if_it_is,
    ),
    _arithmetic,
    _with(
        rf"(?:search|look|find|seek|grep)(?: (?:in|through|across|among|within|for))? {_MINE}"
        r"(?: (?:for|about|with|containing|mentioning|on|of|that (?:mention|contain)|"
        r"where i (?:said|mentioned|wrote)))?(?: (?P<words>.+))?",
        _search,
    ),
    _with(
        r"(?:search|seek|grep|find|look (?=for |up |about ))(?: ?(?:for|up|about|"
        r"everything about|anything about|all about|where i (?:said|mentioned|wrote)(?: about)?|"
        r"what (?:i|we|you) (?:said|wrote)(?: about)?))?(?: (?P<words>.+))?",
        _search,
    ),
    _with(
        rf"(?:what|when|where|why|did|have|how often)(?: did| have| had)? (?:i|we|you)(?: ever| "
        rf"last| first| already)? {_SAID} (?P<words>.+)",
        _search,
    ),
    _with(
        rf"(?:show )?{_MINE} (?:about|with|containing|mentioning|on) (?P<words>.+)",
        _search,
    ),
    _with(r"(?P<day>.+)", _day_if_it_is),
)
