"""What servers and runtimes say of themselves: starting, listening, ending, and why not."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

_FAULTS: Final = (
    r"(?:TypeError|AttributeError|NameError|UnboundLocalError|KeyError|IndexError|ZeroDivisionError"
    r"|AssertionError|RecursionError|NotImplementedError|ReferenceError|RangeError|SyntaxError"
    r"|NullPointerException|ClassCastException|IllegalArgumentException|IllegalStateException"
    r"|(?:Array|String)?IndexOutOfBoundsException|ArithmeticException|NoSuchElementException"
    r"|NumberFormatException|InvalidOperation|ValueError|UnicodeDecodeError)"
)

PHRASES: Final = (
    phrase(
        Sign.STARTING,
        r"^started server process\b|^starting (?:gunicorn|new instance|uvicorn|hypercorn|server\b)"
        r"|^starting \w+ (?:v\S+ )?(?:using|on) (?:java|\S+ with pid)|^booting worker with pid"
        r"|^> \S+@\S+ start$|Picked up JAVA_TOOL_OPTIONS"
        r"|^(?:service|application|app|server|process|worker|container) (?:is )?starting\b"
        r"|^starting (?:up|service|application|app|process|worker|the (?:service|server))\b"
        r"|^(?:service |application )?boot(?:ing)?\b",
        "start",
        "boot",
        "java_tool",
    ),
    phrase(
        Sign.STARTED,
        r"^application startup complete|^uvicorn running on|^listening (?:at|on)\b|^running on http"
        r"|^started \w+ in [\d.]+ seconds|^tomcat started on|\b(?:server|service|app\w*|\w[\w-]*) "
        r"(?:is |now |started |running )*(?:listening|ready|listens)(?: (?:on|at|to|for)\b|$)"
        r"|^(?:server|service|application) started\b|startup (?:\w+ )?probe succeeded"
        r"|^ready to (?:serve|accept)|^=+ running on|^quit the server with|^server running (?:at"
        r"|on)"
        r"|^serving (?:on|at)\b|^http server (?:listening|started)",
        "startup complete",
        "running on",
        "running at",
        "listen",
        "started",
        "ready",
        "succeeded",
        "quit the server",
        "serving",
    ),
    phrase(
        Sign.EXITED,
        r"container called exit\((?P<code>\d+)\)|(?:worker|process|container|program|child)\b"
        r"[^|]{0,60}\bexited with (?:code|status|exit code)?[ :]*(?P<status>\d+)"
        r"|container terminated on signal (?P<signal>\d+)|uncaught signal:? (?P<uncaught>\d+)"
        r"|(?:exit(?:ed|ing)?|terminated) with (?:exit )?(?:code|status)[ :]*(?P<exit>\d+)"
        r"|npm ERR! code ELIFECYCLE|was sent SIG(?:KILL|ABRT|SEGV)",
        "exit",
        "terminated",
        "signal",
        "elifecycle",
        "was sent sig",
    ),
    phrase(
        Sign.MODULE_MISSING,
        r"No module named [\"']?(?P<module>[\w.]+)|cannot import name [\"']?\w+[\"']? from (?:"
        r"partially initialized module )?[\"']?(?P<source>[\w.]+)"
        r"|Cannot find (?:module|package) [\"'](?P<node>[^\"'\n]{1,160})[\"']"
        r"|ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|NoClassDefFoundError: (?P<java>[\w./$]+)"
        r"|ClassNotFoundException: (?P<kind>[\w./$]+)|could not find or load main class (?P<main>"
        r"[\w.]+)|error while loading shared libraries: (?P<library>[\w.+-]+)"
        r"|can't open file [\"'](?P<file>[^\"'\n]{1,160})[\"']: \[Errno 2\]"
        r"|exec:? [\"']?(?P<program>[\w./-]+)[\"']?: (?:executable file not found|no such file)"
        r"|Could not import module \"(?P<asgi>[\w.]+)\"|failed to find application object"
        r"|DLL load failed|undefined symbol: |cannot open shared object file"
        r"|executable file not found in \$PATH|exec format error|Unable to access jarfile",
        "module",
        "import",
        "cannot find",
        "classdef",
        "classnotfound",
        "main class",
        "shared",
        "can't open file",
        "exec",
        "find application",
        "dll load",
        "undefined symbol",
        "jarfile",
    ),
    phrase(
        Sign.START_FAILED,
        r"application startup failed|APPLICATION FAILED TO START|application run failed"
        r"|worker failed to boot|(?:failed|unable|could not|cannot|refus(?:es|ed|ing)) to (?:start|"
        r"boot)(?: up)?\b(?! (?:transaction|session|span|thread|timer|job))"
        r"|start-?up (?:check |self-?check |validation |\w+ )?(?:failed|aborted|refused|error)"
        r"|(?:aborting|giving up|aborted)(?: the)? (?:start|start-?up|boot)|exiting: "
        r"|does not start"
        r"|EADDRINUSE|address already in use|HaltServer|Error creating bean with name '(?P<bean>"
        r"[\w.]+)'|not starting\b|start_refused|boot failed|failed during (?:start-?up|boot|init)"
        r"|unhandled (?:exception|error) (?:during|at|in) (?:start-?up|boot)|lifespan[^|;]{0,40}"
        r"(?:failed|error|exception)|(?:config\w*|settings) (?:is |are )?(?:invalid|not valid)"
        r"|Error reading [^|]{1,80} at start|Exception in worker process|invariant failed at start"
        r"|(?:overrid(?:den|ing)|bypass(?:ed|ing)|ignor(?:ed|ing)|continu(?:ed|ing) (?:despite"
        r"|after"
        r"))[^|;]{0,60}start-?up (?:check|validation|failure)",
        "start",
        "boot",
        "run failed",
        "exiting",
        "in use",
        "haltserver",
        "eaddrinuse",
        "bean",
        "lifespan",
        "config",
        "settings",
        "worker process",
    ),
    phrase(
        Sign.CODE_ERROR,
        rf"(?:^|[\s:(\[\"'|]|\w\.|exceptions?\.){_FAULTS}\b(?=:|$| at |\(|\s*\|)|panic: runtime "
        rf"error|panic: interface conversion|nil pointer dereference|index out of range \[",
        "error",
        "exception",
        "panic",
        "pointer",
        "index out",
        "invalidoperation",
    ),
)  # fmt: skip
