"""All drills, in the order in which they are listed."""

from typing import Final

from netra_ops.drills.catalogue import (
    base64,
    empty_value,
    half_renamed,
    key_mismatch,
    lost_reference,
    lost_secret,
    missing_module,
    newline,
    origin_blocked,
    placeholder,
    quotes,
    service_disabled,
    service_secret_mismatch,
    unresolved_reference,
    wrong_audience,
    wrong_issuer,
    wrong_url,
)
from netra_ops.drills.drill import Drill

DRILLS: Final[tuple[Drill, ...]] = tuple(
    module.DRILL
    for module in (
        lost_secret,
        lost_reference,
        half_renamed,
        newline,
        quotes,
        empty_value,
        placeholder,
        unresolved_reference,
        base64,
        key_mismatch,
        wrong_issuer,
        wrong_audience,
        wrong_url,
        service_secret_mismatch,
        origin_blocked,
        missing_module,
        service_disabled,
    )
)
BY_NAME: Final = {drill.name: drill for drill in DRILLS}
