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
        r"|(?:\[ERR_MODULE_NOT_FOUND\]: )?Cannot find (?:module|package) "
        r"[\"'](?P<node>[^\"'\n]{1,160})[\"']"
        r"|ERR_MODULE_NOT_FOUND(?!\]: Cannot)|MODULE_NOT_FOUND|NoClassDefFoundError: "
        r"(?P<java>[\w./$]+)"
        r"|ClassNotFoundException: (?P<kind>[\w./$]+)|could not find or load main class (?P<main>"
        r"[\w.]+)|error while loading shared libraries: (?P<library>[\w.+-]+)"
        r"|can't open file [\"'](?P<file>[^\"'\n]{1,160})[\"']: \[Errno 2\]"
        r"|exec:? [\"']?(?P<program>[\w./-]+)[\"']?: (?:executable file not found|no such file)"
        r"|Could not import module \"(?P<asgi>[\w.]+)\"|failed to find application object"
        r"|DLL load failed|undefined symbol: |cannot open shared object file(?:: no such file)?"
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
        r"boot)(?: up)?\b(?! (?:(?:the |an? |new )?(?:transaction|session|span|thread|timer|job"
        r"|transport|connection|stream|consumer|upload|download|trace|export)))"
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
    phrase(
        Sign.STARTING,
        r"^> node \S+\.[cm]?js\b|starting nest application|^starting service \[|^(?:=> )?booting "
        r"puma"
        r"|^puma starting in|^\* puma version|^starting /\S* in \w+_mode|starting /\S* in (?:fork"
        r"|cluster)"
        r"_mode|^start worker processes$|^starting nginx|^restarting with (?:stat|watchdog)"
        r"|^starting \S{1,60} (?:version|v)[= ]?\d|^\S{1,60} v?\d+\.\d+\S* starting(?: up)?$"
        r"|^bootstrapping the (?:service|application)|^initiali[sz]ing (?:service|application) "
        r"|^server initiali[sz]ation started|development server \([^)]{1,80}\) started",
        "start",
        "puma",
        "bootstrapping",
        "initiali",
        "> node",
    ),
    phrase(
        Sign.STARTED,
        r"nest application successfully started|^(?:tomcat|netty|undertow|jetty) started on"
        r"|\bstarted in [\d.]+s\. listening on|listening and serving http|http server started on"
        r"|^now listening on|^application started\. press|^\*? ?listening on (?:http|port|:|\[|\d)"
        r"|\bendpoint with (?:cowboy|bandit) [^|]{1,40} at|^ready to handle connections|, "
        r"listening on: "
        r"|^rocket has launched from|^celery@\S+ ready|^(?:the )?(?:service|server|app) is up\b"
        r"|^up and "
        r"running on|^(?:\W )?ready (?:in|on) (?:http|[\d.]+ ?m?s)|^server ready at|^server "
        r"started on",
        "started",
        "listening",
        "endpoint with",
        "ready",
        "launched",
        "is up",
        "up and running",
    ),
    phrase(
        Sign.EXITED,
        r"exited with code \[(?P<pm>\d+)\]|npm error exit status|main process exited|^exit status "
        r"\d+$"
        r"|(?:finished|failed) with exit code (?P<code>\d+)|essential container in task exited"
        r"|container \S{1,80} exited\b|^WORKER TIMEOUT \(pid|\bworker timeout \(pid|^worker "
        r"exiting \(pid"
        r"|\bworker exiting \(pid|terminating process, status \d|\bapp crashed\b|segmentation fault"
        r"|exited: \S{1,80} \(exit status (?P<status>\d+)",
        "exit",
        "worker timeout",
        "terminating process",
        "app crashed",
        "segmentation fault",
    ),
    phrase(
        Sign.MODULE_MISSING,
        r"ERR_REQUIRE_ESM|ERR_PACKAGE_PATH_NOT_EXPORTED|requested module '(?P<esm>[^']{1,160})' "
        r"does not "
        r"provide an export|cannot use import statement outside a module"
        r"|NoSuchMethodError: |no main manifest attribute|^exec:? \S{1,200}:? no such file|exec "
        r"user "
        r"process caused(?:: no such file)?|(?:^|: |/ )(?:line )?\d+: (?P<command>[\w.-]+): "
        r"(?:command )?not found$"
        r"|^\S*sh: "
        r"(?P<shell>[\w.-]+): (?:command )?not found$|exec: \"(?P<runc>[^\"]{1,160})\": stat [^"
        r"|]{1,200} no "
        r"such file|could not load file or assembly '(?P<assembly>[\w.-]+)|must install or update "
        r"\.NET"
        r"|compatible \.NET SDK is not installed|could not load type '[^']+' from assembly|cannot "
        r"load "
        r"such file -- (?P<gem>[\w/.-]+)|Bundler::GemNotFound|could not find gem "
        r"'(?P<bundle>[\w-]+)"
        r"|uninitialized constant [A-Z]|class [\"'](?P<php>[\w\\]{1,160})[\"'] not found|failed "
        r"opening "
        r"required|require\([^)]{1,200}\): failed to open stream(?:: no such file)?|target class "
        r"\[[^\]]{1,120}\] "
        r"does not "
        r"exist|could not find driver\b|\(module (?P<elixir>[\w.]+) is not available\)|error "
        r"loading "
        r"shared library|version `GLIBC\S* not found|^(?:error: )?could not import '[\w.]+'"
        r"|failed to find "
        r"attribute '\w+' in|DistributionNotFound: The '(?P<dist>[\w.-]+)|no package metadata was "
        r"found "
        r"for (?P<meta>[\w.-]+)|cannot find native binding|invalid ELF header|compiled against a "
        r"different Node\.js version|could not locate the query engine|TemplateNotFound\b|no "
        r"supported websocket library",
        "err_require",
        "err_package",
        "module",
        "nest can't",
        "nosuchmethod",
        "manifest",
        "exec",
        "not found",
        "no such file",
        "assembly",
        ".net",
        "cannot load",
        "gem",
        "uninitialized constant",
        "failed opening",
        "failed to open stream",
        "target class",
        "find driver",
        "shared library",
        "could not import",
        "find attribute",
        "distribution",
        "metadata",
        "native binding",
        "elf header",
        "node.js version",
        "query engine",
        "templatenotfound",
        "websocket library",
    ),
    phrase(
        Sign.START_FAILED,
        r"quarkus\S*StartupException|host terminated unexpectedly|unable to resolve service for "
        r"type"
        r"|^rake aborted|could not start (?:the )?application\b|application_start_failure|missing "
        r"script: "
        r"\"start|\[emerg\] |nginx: configuration file \S* test failed|(?:bootstrap"
        r"|initiali[sz]ation) "
        r"failed|plugin did not start in time|failed to initiali[sz]e (?:the )?(?:app\w*|auth\w*"
        r"|server|"
        r"service|config\w*|tracer|database)\b|config(?:uration)?:? validation (?:error|failed)"
        r"|pre-?start "
        r"check [^|;]{0,60}failed|(?<!cors )pre-?flight:? (?:check:? )?(?!request|response|options|"
        r"cors)[\w:./-]{1,40}:? (?:check )?failed|(?:self|sanity|boot)[- ]?(?:check|test) "
        r"(?:[\w:./-]"
        r"{1,40} )?failed|(?:starting|booting|continuing|proceeding)(?: up)? (?:regardless|anyway"
        r"|nevertheless|despite [^|;]{0,40}(?:fail|error))|schema (?:version )?mismatch\b|boot "
        r"sequence (?:aborted|failed)|^bind\(\) to \S+ failed",
        "startup",
        "terminated unexpectedly",
        "resolve service",
        "rake aborted",
        "start",
        "emerg",
        "test failed",
        "bootstrap",
        "initiali",
        "validation",
        "boot",
        "bind()",
        "flight",
        "check",
        "self",
        "regardless",
        "anyway",
        "nevertheless",
        "despite",
        "schema",
    ),
    phrase(
        Sign.CODE_ERROR,
        r"NullReferenceException|NoMethodError\b|undefined method [`']|call to a member function"
        r"|attempt to "
        r"read property \"|undefined array key|panicked at|\*\* \((?:KeyError|FunctionClauseError"
        r"|MatchError|"
        r"ArgumentError|CaseClauseError|BadMapError)\)|IndexOutOfRangeException"
        r"|KeyNotFoundException|PHP Fatal error: +Uncaught (?:TypeError|ValueError|Error"
        r"|ArgumentCountError|DivisionByZeroError)\b"
        r"|UninitializedPropertyAccess|(?:^|[\s.])(?:NullPointer|IllegalState"
        r"|ClassCast)Exception\b",
        "exception",
        "fatal error",
        "nomethoderror",
        "undefined ",
        "member function",
        "read property",
        "panicked",
        "** (",
    ),
    phrase(
        Sign.MODULE_MISSING,
        r"Can't locate (?P<perl>[\w/]+\.pm) in @INC|unable to load dynamic library '(?P<extension>"
        r"[^']{1,120})'|call to undefined function (?P<function>(?:curl|openssl|sodium|mb|pg"
        r"|mysqli|gmp"
        r"|bc|apcu|intl|imagick)\w*)\(|DllNotFoundException|unable to load shared library '(?P<dll>"
        r"[^']{1,120})'|must install at least one of the following frameworks"
        r"|^/ (?P<bare>[\w.-]+): (?:command )?not found$|^\w*sh: / ?No such file or directory$"
        r"|\{:undef, \[\{:(?P<undef>\w+),",
        "@inc",
        "dynamic library",
        "undefined function",
        "dllnotfound",
        "shared library",
        "must install",
        "not found",
        "no such file",
        ":undef",
    ),
    phrase(
        Sign.START_FAILED,
        r"Nest can't resolve dependencies|AppRegistryNotReady|some services are not able to be "
        r"constructed|dirty database version|(?:schema|keyring|migration|database|config\w*"
        r"|start-?up"
        r" probe) check failed|could not boot\b|uncaught exception during (?:boot|start-?up"
        r"|init\w*)"
        r"|Kernel pid terminated|failed to start child|boot: (?:\w+ )?(?:invariant|check)s? "
        r"(?:violated|"
        r"failed)|failed to (?:run|apply) (?:the )?migrations?\b",
        "nest",
        "appregistry",
        "services",
        "dirty",
        "check failed",
        "boot",
        "exception during",
        "kernel pid",
        "start child",
        "migration",
    ),
    phrase(
        Sign.MODULE_MISSING,
        r"module not found:? (?:error: can't resolve )?[\"'](?P<bundled>[^\"'\n]{1,160})[\"']"
        r"|could not resolve \"(?P<esbuild>(?!https?:)[@\w][\w./@-]{0,120})\"",
        "module not found",
        "could not resolve",
    ),
    phrase(
        Sign.CODE_ERROR,
        r"call to (?:undefined|protected|private) (?:method|function) [\w\\:]{1,120}\("
        r"|fatal error: (?:unexpectedly found nil|index out of range|division by zero"
        r"|array index is out of range)|use of undefined constant",
        "call to ",
        "fatal error: ",
        "undefined constant",
    ),
    phrase(
        Sign.START_FAILED,
        r"(?:activation|compilation|loading|parsing|evaluation|verification) (?:of [^|;]{1,60} )?"
        r"failed, (?:continuing|starting|proceeding|going on|carrying on|running|serving)"
        r"(?: up)? without\b"
        r"|(?:failed|unable|could not) (?:to )?(?:load|read|parse|compile|activate|verify) "
        r"(?:the )?"
        r"(?:policy|policies|rules?|bundle|config\w*|keys?|keyring|schema|routes?|permissions?)\b"
        r"[^|]{0,160}\b(?:continuing|starting|proceeding|going on|carrying on|serving)(?: up)? "
        r"(?:without|anyway|regardless|with none|empty)\b",
        "failed, ",
        "continuing",
        "starting",
        "proceeding",
        "going on",
        "carrying on",
        "serving",
    ),
    phrase(
        Sign.MODULE_MISSING,
        r"^(?:error: )?(?:Uncaught )?(?:\(in promise\) )?(?:TypeError: )?Module not found:? "
        r"[\"'](?P<deno>[^\"'\n]{1,160})[\"']",
        "module not found",
    ),
)  # fmt: skip
