"""A person logs in on the auth service's own page and gets an authorization code."""

from netra_ops.validation.step import Outcome, Step, Walk, passed


def _take(walk: Walk) -> Outcome:
    return passed("a code, with our state and the issuer", code=walk.auth.sign_in(walk.person))


STEP = Step("log in", "a redirect with a code, our state and the issuer", _take)
