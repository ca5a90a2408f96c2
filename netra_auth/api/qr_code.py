"""A QR code as inline SVG: no script, and nothing that a strict content policy forbids."""

import segno
from markupsafe import Markup

from netra.secret import Secret

_QUIET_ZONE = 4
"""Modules of white around the code (ISO/IEC 18004)."""


def qr_code(text: Secret, label: str) -> Markup:
    """Draw a text as a QR code; dark on white also where the page is dark, for cameras."""
    code = segno.make(text.reveal(), error="m", micro=False)
    size = code.symbol_size(border=_QUIET_ZONE)[0]
    rows = code.matrix_iter(border=_QUIET_ZONE)
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, module in enumerate(row) if module
    )
    return Markup(
        '<svg class="qr" role="img" aria-label="{label}" viewBox="0 0 {size} {size}" '
        'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        '<path fill="#000" d="{dark}"/></svg>'
    ).format(label=label, size=size, dark=dark)
