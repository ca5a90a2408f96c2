"""What libraries say of a token's claims that are not as they are configured to be."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

PHRASES: Final = (
    phrase(
        Sign.AUDIENCE_REFUSED,
        r"not allowed to be used by this audience|required audience is missing|InvalidAudError\b"
        r"|audience [\"'`\[]\S{1,120} (?:does not match|is not|not) (?:in|one|allowed|accepted|the"
        r"|ours)?|audience != required|(?:^|[^\w])aud(?:ience)? (?:claim )?\[?[\"']?\S{1,120} is "
        r"not (?:one|in|among)|'aud' claim is not one|not permitted for audience"
        r"|expected aud(?:ience)? to (?:include|be|contain|equal)"
        r"|audience \S{1,120} (?:is )?not in (?:the )?(?:allowed|accepted|configured)"
        r"|no (?:matching|acceptable) audience|(?:wrong|foreign|unaccepted) aud(?:ience)?\b",
        "aud",
    ),
    phrase(
        Sign.ISSUER_REFUSED,
        r"not issued by the given issuers?|iss(?:uer)? claim is not (?:equal|valid|one|the)"
        r"|no trusted issuer|\biss(?:uer)? [\"'`]?\S{1,120} (?:is )?not (?:in|among|one of) (?:the )?"
        r"(?:trusted|allowed|accepted|configured|known|expected)"
        r"|could not find issuer \S+ in|issuer (?:is )?not (?:in|on) (?:the )?(?:whitelist|allow-?"
        r"list|list)|(?:foreign|unaccepted|unexpected|unrecogni[sz]ed) iss(?:uer)?\b",
        "iss",
    ),
)  # fmt: skip
