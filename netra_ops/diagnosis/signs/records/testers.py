"""Who tests, by what they call themselves, and what scanners ask for. Pure."""

import re
from functools import lru_cache
from typing import Final

_TOOLS: Final = re.compile(r"(?:^|[^a-z])(?:curl|wget|httpie)(?:[^a-z]|$)", re.IGNORECASE)
"""With these people try things by hand, and scripts work: an agent of theirs says less."""
_SCANNED: Final = re.compile(
    r"/\.(?:env|git|aws|svn|ds_store|vscode|htaccess)\b|/wp-|/xmlrpc|/phpmyadmin|/phpinfo|\.php\b"
    r"|/cgi-bin|/actuator|/solr/|/boaform|/hnap1|/server-status|/owa/|/etc/passwd|/debug/pprof"
    r"|/login\.action|/manager/html|/vendor/phpunit|/telescope|/_ignition|/struts|/geoserver"
    r"|/ecp/|/autodiscover|/console/login|/jenkins|/hudson|/invoker/|\.aspx?\b|\.jsp\b|\.cgi\b",
    re.IGNORECASE,
)
"""What scanners ask for, whatever is there."""
_TESTING: Final = re.compile(
    r"(?:^|[^a-z])(?:tests?|tester|testing|e2e|qa|probe|probing|smoke|load-?test\w*|synthetic\w*"
    r"|golden[-_]?path|pentest\w*|scanner|postman\w*|insomnia|k6|locust|jmeter"
    r"|gatling|artillery|vegeta|hey|wrk|apachebench|newman|playwright|cypress|selenium|headless\w*"
    r"|pytest|schemathesis|nuclei|nikto|zgrab|masscan|nmap|sqlmap|gobuster|dirbuster|ffuf|wfuzz"
    r"|burp\w*|zap|owasp|censys\w*|shodan|qualys|nessus|acunetix|testclient|netra-probe)(?:[^a-z]|$)"
    r"|\bexpects? (?:an? )?(?:40[13]|refusal)",
    re.IGNORECASE,
)


@lru_cache(maxsize=10_000)
def is_of_tests(name: str) -> bool:
    """Tell whether an agent or a principal calls itself a test."""
    return _TESTING.search(name) is not None


@lru_cache(maxsize=10_000)
def is_tool(agent: str) -> bool:
    """Tell whether an agent is one with which people try things by hand."""
    return _TOOLS.search(agent) is not None


@lru_cache(maxsize=10_000)
def is_scanned(path: str) -> bool:
    """Tell whether scanners ask for a path, whatever is there."""
    return _SCANNED.search(path) is not None
