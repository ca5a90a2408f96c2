"""Nothing in the source can switch authentication off, widen it or stand in for it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from architecture.house import (
    Exemption,
    Finding,
    Source,
    aliases,
    docstrings,
    findings,
    full_name,
    functions,
    judge,
    planted,
    sources,
)

WORDS: Final = {
    "bypass": r"bypass",
    "a demo mode": r"demo_?mode|demo_user|_demo\b",
    "a switch for authentication": (
        r"(?:skip|disable|ignore|without|no)_?(?:auth|verif|csrf|tls|ssl|check|signature)"
        r"|(?:auth|verification|security)_?(?:disabled|off|optional|enabled)"
        r"|allow_?(?:anonymous|insecure|unverified|expired|all)"
    ),
    "a level of strictness": r"permissive|relaxed|emergency|lenient|fail_?open|degraded_auth",
    "a mode for tests": r"test_?mode|is_?test(?:ing)?\b|run(?:ning)?_?(?:in_?)?tests?\b|pytest|e2e",
    "a test header": r"x-(?:test|e2e|debug|mock|bypass|internal|user-id|service-id|user\b)",
    "an identity by fallback": (
        r"(?:fallback|default|system|fake|mock|dummy|guest)_?(?:user|identity|principal|token)\b"
    ),
    "a door of its own": r"backdoor|master_?(?:key|password|token)|god_?mode|superuser|sudo\b",
}
"""What a name or a string must not say. Prose in docstrings and comments may."""

_WORDS: Final = {what: re.compile(pattern, re.IGNORECASE) for what, pattern in WORDS.items()}

MUST_STAY_TRUE: Final = frozenset(
    {"verify", "verify_ssl", "verify_signature", "verify_exp", "verify_aud", "verify_iss"}
    | {"check_hostname", "verify_iat", "verify_nbf", "verify_sub", "verify_jti", "httponly"}
)
MUST_STAY_FALSE: Final = frozenset({"follow_redirects", "debug", "insecure"})
WIDE_NAMES: Final = re.compile(r"origin|host|audience|algorithm|forwarded|prox", re.IGNORECASE)
WIDE_VALUES: Final = frozenset({"*", ".*", "none", "None", "NONE"})
NO_CHECK: Final = frozenset(
    {"ssl.CERT_NONE", "ssl._create_unverified_context", "ssl._create_default_https_context"}
)
SERVICE_PREFIX: Final = re.compile(r"service:|SERVICE_(?:NAMESPACE|PREFIX)")
GRANTS: Final = re.compile(r"Allowed|UserPrincipal|ServicePrincipal|ANONYMOUS|Anonymous")

EXEMPTIONS: Final = (
    Exemption(
        "netra_backend/app/db/isolation/postgres_role.py",
        "bypass: *",
        "It refuses to serve with a role that row-level security does not hold.",
    ),
    Exemption(
        "netra_backend/app/db/isolation/postgres_role.py",
        "a door of its own: *",
        "It refuses to serve with a superuser's role.",
    ),
    Exemption(
        "netra_auth/identities/look_alikes.py",
        "looks_like_a_service looks at the service prefix",
        "It refuses to register a person in the namespace of services.",
    ),
    Exemption(
        "netra_ops/validation/steps/forged_identity.py",
        "a test header: *",
        "The golden path sends these headers to see that they make nobody of the caller.",
    ),
    Exemption(
        "netra_ops/logs/entries/entry.py",
        "a level of strictness: *",
        "It is the name of Cloud Logging's highest severity of log entries.",
    ),
    Exemption(
        "netra_ops/logs/entries/severity.py",
        "a level of strictness: *",
        "It reads the name of Cloud Logging's highest severity of log entries.",
    ),
    Exemption(
        "netra_ops/gardener/facts/tests_and_age.py",
        "a mode for tests: *",
        "It tells which entries of a log are a test's; it admits nobody and hides nothing.",
    ),
    Exemption(
        "netra_ops/diagnosis/signs/lexicon/identity.py",
        "bypass: *",
        "It reads in other programs' logs that a check was passed over; it passes over none.",
    ),
    Exemption(
        "netra_ops/diagnosis/signs/lexicon/programs.py",
        "bypass: *",
        "It reads in other programs' logs that a start-up check was passed over.",
    ),
    Exemption(
        "netra_ops/diagnosis/signs/records/whose.py",
        "a mode for tests: *",
        "It tells which lines of a log say that they are a test's; it admits nobody.",
    ),
    Exemption(
        "netra_ops/diagnosis/signs/tally.py",
        "a mode for tests: *",
        "It is a mark of a line of a log; it admits nobody.",
    ),
    Exemption(
        "netra_ops/diagnosis/signs/tallying.py",
        "a mode for tests: *",
        "It marks which lines of a log say that they are a test's; it admits nobody.",
    ),
    Exemption(
        "netra_ops/diagnosis/observing/tried/attempt.py",
        "bypass: *",
        "It reads in the words of a probe that it went around a proxy; it goes around nothing.",
    ),
    Exemption(
        "netra_ops/diagnosis/signs/records/testers.py",
        "a mode for tests: *",
        "It knows what tests and scanners call themselves in logs; it admits nobody.",
    ),
    Exemption(
        "netra_ops/diagnosis/observing/lying/not_incidents.py",
        "a mode for tests: *",
        "It tells whose refusals in a log are a test's; it admits nobody and hides nothing.",
    ),
    Exemption(
        "netra_ops/issue_tracker/priority.py",
        "a level of strictness: 'EMERGENCY'",
        "It is the severity of a log entry as Cloud Logging calls it, and admits nobody.",
    ),
)


def telling_words(source: Source) -> Iterator[Finding]:
    """Find names and strings that speak of a way round."""
    prose = docstrings(source.tree)
    for node in ast.walk(source.tree):
        for text in _texts(node, prose):
            for what, pattern in _WORDS.items():
                if pattern.search(text):
                    line = getattr(node, "lineno", 1)
                    yield Finding(source.path, line, f"{what}: {text[:60]!r}")


def _texts(node: ast.AST, prose: set[int]) -> list[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return [name]
        case ast.keyword(arg=str(name)) | ast.alias(name=name):
            return [name]
        case ast.Constant(value=str(text)) if id(node) not in prose:
            return [text]
    return []


def checks_switched_off(source: Source) -> Iterator[Finding]:
    """Find options that switch a check off, as argument, assignment or member of a mapping."""
    names = aliases(source.tree)
    for node in ast.walk(source.tree):
        for name, value in _settings(node):
            constant = value.value if isinstance(value, ast.Constant) else ...
            off = name in MUST_STAY_TRUE and constant in (False, None)
            on = name in MUST_STAY_FALSE and constant is True
            if off or on:
                yield Finding(source.path, value.lineno, f"{name} set to {constant!r}")
        if isinstance(node, ast.Attribute) and full_name(node, names) in NO_CHECK:
            yield Finding(source.path, node.lineno, f"{full_name(node, names)} checks nothing")


def everything_allowed(source: Source) -> Iterator[Finding]:
    """Find lists of origins, hosts, audiences, proxies or algorithms that hold all or none."""
    for node in ast.walk(source.tree):
        for name, value in _settings(node):
            if not WIDE_NAMES.search(name):
                continue
            for part in ast.walk(value):
                if isinstance(part, ast.Constant) and part.value in WIDE_VALUES:
                    yield Finding(source.path, part.lineno, f"{name} holds {part.value!r}")


def _settings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Give every `name is set to value`, whatever way it is written."""
    match node:
        case ast.keyword(arg=str(name), value=value):
            yield name, value
        case ast.Assign(targets=targets, value=value):
            yield from ((name, value) for target in targets for name in _target_name(target))
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from ((name, value) for name in _target_name(target))
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        case ast.arguments():
            yield from _defaults(node)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    named = [*arguments.posonlyargs, *arguments.args]
    first = len(named) - len(arguments.defaults)
    for argument, value in zip(named[first:], arguments.defaults, strict=True):
        yield argument.arg, value
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield argument.arg, default


def _target_name(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Name):
        return [target.id]
    return [target.attr] if isinstance(target, ast.Attribute) else []


def prefix_decisions(source: Source) -> Iterator[Finding]:
    """Find decisions on the prefix `service:`; each must refuse, and be listed with its reason."""
    for function in functions(source.tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                asks = node.func.attr in {"startswith", "removeprefix", "match", "fullmatch"}
                about = "".join(ast.unparse(argument) for argument in node.args)
            elif isinstance(node, ast.Compare):
                asks = any(isinstance(op, ast.In | ast.NotIn | ast.Eq) for op in node.ops)
                about = ast.unparse(node)
            else:
                continue
            if asks and SERVICE_PREFIX.search(about):
                what = f"{function.name} looks at the service prefix"
                yield Finding(source.path, node.lineno, what)


def failures_that_admit(source: Source) -> Iterator[Finding]:
    """Find error handlers that answer yes: `except ...: return True`, a principal, `Allowed()`."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        for step in ast.walk(node):
            if not isinstance(step, ast.Return) or step.value is None:
                continue
            admits = isinstance(step.value, ast.Constant) and step.value.value is True
            if admits or GRANTS.search(ast.unparse(step.value)):
                yield Finding(source.path, step.lineno, "an error handler that answers yes")


RULES: Final = (
    telling_words,
    checks_switched_off,
    everything_allowed,
    prefix_decisions,
    failures_that_admit,
)


def test_the_source_has_no_way_round_authentication() -> None:
    """No name, string, option, prefix or error handler in the source lets a caller past a check."""
    read = sources()

    assert judge([f for rule in RULES for f in findings(rule, read)], EXEMPTIONS) == ""


def test_every_exemption_has_a_reason() -> None:
    """An exemption says in a sentence why its place refuses rather than admits."""
    assert all(len(exemption.reason.split()) > 3 for exemption in EXEMPTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "DEMO_MODE = True\n",
        "def bypass_auth():\n    return 1\n",
        "x = headers.get('X-Test-User')\n",
        "x = headers.get('x-e2e-token')\n",
        "x = headers.get('X-User-Id')\n",
        "class Level:\n    RELAXED = 1\n",
        "LEVEL = 'EMERGENCY'\n",
        "def f(*, skip_auth):\n    return 1\n",
        "settings.auth_enabled\n",
        "import sys\nx = 'pytest' in sys.modules\n",
        "call(allow_anonymous=1)\n",
        "user = fallback_user()\n",
        "is_testing = 1\n",
        "def auth_permissiveness():\n    return 1\n",
        "MASTER_KEY = 1\n",
    ],
)
def test_a_word_for_a_way_round_is_found(tmp_path: Path, text: str) -> None:
    """Each kind of name for a bypass is found, in a name and in a string."""
    assert list(telling_words(planted(tmp_path, "netra/planted.py", text)))


def test_prose_may_speak_of_what_is_refused(tmp_path: Path) -> None:
    """A docstring or comment that explains why there is no bypass is no finding."""
    text = '"""There is no bypass and no demo mode."""\n# No test mode either.\n'

    assert not list(telling_words(planted(tmp_path, "netra/planted.py", text)))


@pytest.mark.parametrize(
    "text",
    [
        "client(verify=False)\n",
        "client(verify=None)\n",
        "context.check_hostname = False\n",
        "import ssl\ncontext.verify_mode = ssl.CERT_NONE\n",
        "import ssl\ncontext = ssl._create_unverified_context()\n",
        "options = {'verify_signature': False}\n",
        "def get(url, verify=False):\n    return url\n",
        "def get(url, *, follow_redirects=True):\n    return url\n",
        "app = FastAPI(debug=True)\n",
    ],
)
def test_a_check_switched_off_is_found(tmp_path: Path, text: str) -> None:
    """Certificate, host name and signature checks cannot be switched off in any spelling."""
    assert list(checks_switched_off(planted(tmp_path, "netra/planted.py", text)))


@pytest.mark.parametrize(
    "text",
    [
        "add(allow_origins=['*'])\n",
        "ALLOWED_HOSTS = ('*',)\n",
        "algorithms: list[str] = ['ES256', 'none']\n",
        "Config(forwarded_allow_ips='*')\n",
        "settings = {'trusted_proxies': '*'}\n",
        "def check(audience='*'):\n    return 1\n",
    ],
)
def test_a_list_of_everything_is_found(tmp_path: Path, text: str) -> None:
    """A star for origins, hosts, proxies or audiences and the algorithm `none` are found."""
    assert list(everything_allowed(planted(tmp_path, "netra/planted.py", text)))


@pytest.mark.parametrize(
    "text",
    [
        "def f(user_id):\n    return user_id.startswith('service:')\n",
        "def f(user_id):\n    return user_id.removeprefix(SERVICE_NAMESPACE)\n",
        "def f(user_id):\n    return 'service:' in user_id\n",
        "def f(user_id):\n    return user_id == 'service:netra-backend'\n",
    ],
)
def test_a_decision_on_the_service_prefix_is_found(tmp_path: Path, text: str) -> None:
    """Nothing is granted because a string begins with `service:`; every look at it is found."""
    assert list(prefix_decisions(planted(tmp_path, "netra/planted.py", text)))


@pytest.mark.parametrize("answer", ["True", "Allowed()", "ANONYMOUS", "UserPrincipal('usr_1')"])
def test_an_error_handler_that_admits_is_found(tmp_path: Path, answer: str) -> None:
    """A failure must not end in yes."""
    text = f"def f():\n    try:\n        g()\n    except OSError:\n        return {answer}\n"

    assert list(failures_that_admit(planted(tmp_path, "netra/planted.py", text)))


def test_an_ordinary_module_passes(tmp_path: Path) -> None:
    """Strict code gives no findings."""
    text = (
        "def authenticate(token, verify=True):\n"
        "    try:\n        return check(token, algorithms=['ES256'])\n"
        "    except ValueError:\n        raise Refused from None\n"
    )
    source = planted(tmp_path, "netra/planted.py", text)

    assert not [finding for rule in RULES for finding in rule(source)]
