"""Stack traces folded to what was raised and in which calls."""

import pytest

from netra_ops.logs.entries import Frame, Raised
from netra_ops.logs.entries.stacks import Spread, fold

CHAINED = """\
Request failed
Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/web/app.py", line 3, in call
    handler()
  File "/app/shop/cart.py", line 30, in total
    return prices[key]
           ~~~~~~^^^^^
KeyError: 'price'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/shop/api.py", line 12, in get
    total()
shop.errors.CartBroken: no price for 17
"""
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/app/main.py", line 5, in main
  |     raise ExceptionGroup("both", found)
  | ExceptionGroup: both (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/work.py", line 2, in work
    |     raise ValueError(1)
    | ValueError: 1
    +---------------- 2 ----------------
    | KeyError: 'x'
    +------------------------------------
"""
JAVA = """\
Exception in thread "main" java.lang.IllegalStateException: no pool
\tat com.shop.Pool.take(Pool.java:40)
\tat java.base/java.lang.Thread.run(Thread.java:829)
Caused by: java.net.ConnectException: refused
\tat java.base/sun.nio.ch.Net.connect(Net.java:1)
\tat com.shop.Net.open(Net.java:7)
\t... 12 more
"""
NODE = """\
TypeError: Cannot read properties of undefined (reading 'bar')
    at Object.total (/app/cart.js:10:7)
    at Module._compile (node:internal/modules/cjs/loader:1105:14)
    at async run (/app/node_modules/web/index.js:2:3) {
  code: 'E_CART',
  [cause]: Error: inner
      at inner (/app/price.js:1:1)
}
"""
GO = """\
panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
runtime.goPanicIndex(0x5, 0x3)
\t/usr/local/go/src/runtime/panic.go:88 +0x74
main.(*Cart).pick(0xc000012345)
\t/app/main.go:12 +0x1d
main.main()
\t/app/main.go:7 +0x1d
exit status 2
"""


@pytest.mark.parametrize(
    ("text", "language", "message"),
    [
        (
            CHAINED,
            "python",
            (
                "Request failed shop.errors.CartBroken: no price for 17"
                " caused by KeyError: 'price' at get (api.py)"
            ),
        ),
        (
            GROUP,
            "python",
            (
                "ExceptionGroup: both (2 sub-exceptions) caused by ValueError: 1"
                " caused by KeyError: 'x' at main (main.py)"
            ),
        ),
        (
            JAVA,
            "java",
            (
                "java.lang.IllegalStateException: no pool"
                " caused by java.net.ConnectException: refused at com.shop.Net.open (Net.java)"
            ),
        ),
        (
            NODE,
            "node",
            (
                "TypeError: Cannot read properties of undefined (reading 'bar')"
                " caused by Error: inner at inner (price.js)"
            ),
        ),
        (
            GO,
            "go",
            (
                "panic: runtime error: index out of range [5] with length 3"
                " at main.(*Cart).pick (main.go) < main.main (main.go)"
            ),
        ),
    ],
)
def test_a_trace_is_one_sentence(text: str, language: str, message: str) -> None:
    """What was raised, its causes and the application's own calls, innermost first."""
    folded = fold(text)

    assert folded is not None
    assert (folded.stack.language, folded.message) == (language, message)


def test_the_same_failure_is_the_same_sentence_wherever_its_lines_are() -> None:
    """Lines of code move with each revision; they are in the frames and not in the sentence."""
    moved = fold(CHAINED.replace("line 12", "line 99"))
    before = fold(CHAINED)

    assert before is not None
    assert moved is not None
    assert moved.message == before.message
    assert before.stack.frames == (Frame("get", "/app/shop/api.py", 12),)
    assert moved.stack.frames == (Frame("get", "/app/shop/api.py", 99),)
    assert before.stack.causes == (Raised("KeyError", "'price'"),)


def test_library_calls_are_shown_where_there_is_nothing_else() -> None:
    """A trace without any call of the application's shows the innermost calls there are."""
    text = (
        "Traceback (most recent call last):\n"
        '  File "/usr/lib/python3.11/asyncio/tasks.py", line 5, in step\n    x()\n'
        "asyncio.TimeoutError\n"
    )
    folded = fold(text)

    assert folded is not None
    assert folded.message == "asyncio.TimeoutError at step (tasks.py)"


def test_a_trace_that_breaks_off_is_still_one() -> None:
    """Without its last line a traceback says where, and that it broke off."""
    folded = fold(CHAINED.split("KeyError", maxsplit=1)[0])

    assert folded is not None
    assert folded.message == "Request failed Traceback: broken off at total (cart.py)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "two\nlines",
        "meet\n  at noon",
        "look\n    at (this)",
        "goroutine leak\nfound",
        "a,b\n1,2\n",
    ],
)
def test_other_texts_have_no_trace(text: str) -> None:
    """Several lines, or the word `at`, make no stack trace."""
    assert fold(text) is None


@pytest.mark.parametrize("text", [CHAINED, JAVA, NODE, GO, GROUP])
def test_lines_of_a_trace_belong_together(text: str) -> None:
    """Each line of a trace goes on with the one before, and what follows it does not."""
    lines = text.rstrip("\n").split("\n")
    if text is CHAINED:
        lines = lines[1:]
    spread = Spread()
    spread.begins(lines[0])

    assert [spread.continues(line) for line in lines[1:]] == [True] * (len(lines) - 1)
    assert not spread.continues("Order 17 is packed")


@pytest.mark.parametrize("piece", ["a" * 5_000, "+-" * 3_000, "a." * 3_000, "(" * 5_000])
def test_hostile_lines_within_a_trace_cost_little(piece: str) -> None:
    """No pattern for the lines of a trace takes long for what repeats without end."""
    for text in (CHAINED, JAVA, NODE, GO, GROUP):
        lines = text.split("\n")
        for at in range(len(lines)):
            fold("\n".join([*lines[:at], piece, *lines[at:]]))
