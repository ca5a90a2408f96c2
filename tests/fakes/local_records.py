"""Records of the local platform as tests need them."""

from netra_ops.platform.local.record import RevisionRecord, ServiceRecord


def stopped_service(port: int, revision: str) -> ServiceRecord:
    """Give a service whose one revision served and was stopped."""
    return ServiceRecord(port, {revision: RevisionRecord(port, "f" * 64)}, {revision: 100})
