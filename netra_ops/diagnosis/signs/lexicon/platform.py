"""What Google's platform says in its own words: Cloud Run, its front end, Secret Manager, IAM."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

_NAMED: Final = r"(?:projects/[\w.:-]+/secrets/)?(?P<secret>[\w-]{1,255})(?:/versions/[\w-]+)?"

PHRASES: Final = (
    phrase(
        Sign.PLATFORM_REFUSED,
        r"the request was not (?:authenticated|authorized)\b(?=[. ])(?:\. Either allow|[^|]{0,80}"
        r"(?:invoke|invocation|access token|Authorization header))"
        r"|error_description=\W{0,2}The access token could not be verified"
        r"|client does not have permission to (?:get|the requested) URL|run\.routes\.invoke[^"
        r"|]{0,20} denied"
        r"|Permission '?run\.routes\.invoke'? denied|was not authorized to invoke this service"
        r"|access is forbidden[^|]{0,40}ingress|ingress (?:settings )?(?:block|den|reject"
        r"|refus)\w+",
        "the request was not",
        "could not be verified",
        "permission",
        "invoke",
        "ingress",
    ),
    phrase(
        Sign.KIND_CONFLICT,
        r"already been set with a different type"
        r"|may not have (?:both )?value and value_?(?:source|from)"
        r"|must specify (?:only )?one of value (?:or|and) value_?(?:source|from)"
        r"|may not be specified when `?value`? is not empty",
        "different type",
        "value",
    ),
    phrase(
        Sign.SECRET_PERMISSION,
        rf"permission denied on secret:? *{_NAMED}|secretmanager\.versions\.access[^"
        rf"|]{{0,30}}"
        rf"denied|must be granted the 'Secret Manager Secret Accessor'"
        rf"|AccessDeniedException[^|]{{0,80}}secretsmanager:GetSecretValue",
        "secret",
    ),
    phrase(
        Sign.SECRET_VERSION,
        rf"secret version:? *\[?{_NAMED}\]? is in (?:DESTROYED|DISABLED) state"
        rf"|secret:? *\[?{_NAMED.replace('<secret>', '<second>')}\]? (?:was not found"
        rf"|is disabled"
        rf"|is destroyed|has no versions?|not found or has no versions)"
        rf"|secret version[^|;]{{0,80}}(?:destroyed|disabled|not found|does not exist)"
        rf"|FAILED_PRECONDITION[^|;]{{0,60}}secret version",
        "secret",
    ),
    phrase(
        Sign.NOT_READY,
        r"is not ready and cannot serve traffic|Ready condition status changed to False for "
        r"Revision|(?:Revision|Service) \S+ (?:is|did) not (?:become )?ready|failed to become ready"
        r"|failed to start and (?:then )?listen on the port|ContainerMissing|HealthCheckContainer"
        r"(?:Error|Failed)|STARTUP (?:TCP|HTTP|GRPC) probe failed|The user-provided container "
        r"failed|instance could not start successfully|CrashLoopBackOff|Back-off restarting failed",
        "ready",
        "listen on the port",
        "container",
        "probe failed",
        "could not start",
        "crashloop",
        "back-off",
    ),
    phrase(
        Sign.OUT_OF_MEMORY,
        r"memory limit of [^|]{1,40} exceeded|consider increasing the memory limit"
        r"|OutOfMemoryError|OOMKilled|JavaScript heap out of memory|Cannot allocate memory"
        r"|out of memory: killed|perhaps out of memory|MemoryError\b",
        "memory",
        "oomkilled",
    ),
    phrase(
        Sign.DEPLOYED,
        r"Ready condition status changed to True for (?:Revision|Service)|Deploying revision"
        r"|deployment (?:finished|succeeded|complete)|deployed revision",
        "ready condition",
        "deploy",
    ),
    phrase(
        Sign.TRAFFIC_CHANGED,
        r"traffic (?:was )?(?:shifted|moved|switched|migrated|routed|split) (?:\w+ ){0,3}to "
        r"|shift(?:ed|ing) (?:\d+ ?%? )?traffic|100% of traffic",
        "traffic",
    ),
    phrase(
        Sign.PLATFORM_REFUSED,
        r"the (?:access|identity|id) token could not be verified\. Read more at|Read more at "
        r"https://cloud\.google\.com(?![^|]{0,4}quota)"
        r"|lacks IAM permission \"run\.routes\.invoke|invalid IAP credentials|invalid GCIP ID token"
        r"|IAP could not authenticate|not authorized to perform:? (?:lambda:Invoke|execute-api:"
        r"|apigateway:Invoke|sts:AssumeRoleWithWebIdentity)\w*|RBAC: access denied"
        r"|denied_by_iap\b",
        "iam permission",
        "read more at",
        "iap ",
        "gcip",
        "not authorized",
        "rbac",
        "denied_by",
    ),
    phrase(
        Sign.SECRET_PERMISSION,
        r"not authorized to perform: secretsmanager:|unable to retrieve secret from asm: "
        r"AccessDenied"
        r"|error reading secret\S*: [^|]{0,40}permission denied|secrets? \"[^\"]{1,120}\" is "
        r"forbidden"
        r"|does not have secrets get permission|secret (?P<secret>[\w-]{1,120}): permission denied",
        "secret",
    ),
    phrase(
        Sign.SECRET_VERSION,
        r"secret version:? *\[projects/[\w.:-]+/secrets/(?P<secret>[\w-]+)/versions/\w+\] (?:was "
        r")?not "
        r"found|Secrets Manager can't find the specified secret|on the secret because it was "
        r"marked for "
        r"deletion|operation get is not allowed on a disabled secret|version \w+ of (?:the "
        r")?secret "
        r"(?P<second>[\w-]+) (?:is|was|has been) (?:disabled|destroyed|deleted)",
        "secret",
    ),
    phrase(
        Sign.NOT_READY,
        r"(?:startup|readiness|liveness) probe failed|ImagePullBackOff|ErrImagePull|failed to "
        r"pull image"
        r"|failed (?:container|ELB) health checks|unable to place a task|CannotPullContainer"
        r"|(?:Run|"
        r"Create)ContainerError|exceeded its progress deadline|\bpod \S{1,120} is not ready",
        "probe failed",
        "imagepull",
        "pull image",
        "health checks",
        "place a task",
        "cannotpull",
        "containererror",
        "progress deadline",
        "not ready",
    ),
    phrase(
        Sign.OUT_OF_MEMORY,
        r"runtime: out of memory|allowed memory size of \d+ bytes exhausted|OutOfMemoryException"
        r"|memory allocation of \d+ bytes failed|reached heap limit",
        "memory",
        "heap limit",
    ),

    phrase(
        Sign.SECRET_VERSION,
        r"\bsecret \S{1,160} is in (?:DESTROYED|DISABLED) state"
        r"|references non-existent secret key|secret \S{1,160} (?:has no enabled versions?|is pe"
        r"nding"
        r" deletion|is marked for deletion)|parameter version \S+ (?:was )?not found"
        r"|SecretDisabled\b|SecretNotFound\b",
        "secret",
        "parameter version",
    ),
    phrase(
        Sign.SECRET_PERMISSION,
        r"vault: error making api request[^|]{0,200}code: 403|vault\b[^|]{0,200}(?:secret|kv)[^|"
        r"]{0,120}(?:403|permission denied)"
        r"|(?:secret|kv)/(?:data/)?\S* ?[^|]{0,60}Code: 403\b|unable to access Secret from "
        r"SecretManager|not have secrets? (?:get|list|read) permission"
        r"|(?:not|isn't) allowed to (?:read|access|get) (?:the )?secret\b|kms:Decrypt\b[^|]{0,80}"
        r"(?:denied|not authorized)|not authorized to perform: (?:ssm:GetParameter|kms:Decrypt)",
        "vault",
        "secret",
        "kv",
        "kms",
        "ssm",
    ),
)  # fmt: skip
