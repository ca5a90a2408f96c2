"""All drills, in the order in which they are listed."""

from typing import Final

from netra_ops.drills.catalogue import (
    auth_service_down,
    base64,
    breaker_stuck,
    caller_without_credential,
    clock_skew,
    code_error,
    database_credentials_rotated,
    empty_value,
    half_renamed,
    key_mismatch,
    lost_reference,
    lost_secret,
    missing_module,
    newline,
    optional_identity,
    origin_blocked,
    placeholder,
    pool_exhausted,
    quotes,
    random_key_per_process,
    rotation_without_overlap,
    service_disabled,
    service_secret_mismatch,
    stale_jwks,
    startup_failure,
    unresolved_reference,
    upgrade_stripped,
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
        startup_failure,
        code_error,
        clock_skew,
        optional_identity,
        service_disabled,
        auth_service_down,
        breaker_stuck,
        rotation_without_overlap,
        caller_without_credential,
        upgrade_stripped,
        random_key_per_process,
        stale_jwks,
        database_credentials_rotated,
        pool_exhausted,
    )
)
BY_NAME: Final = {drill.name: drill for drill in DRILLS}
