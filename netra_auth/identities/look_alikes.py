"""Which texts look like the namespace of services. Pure.

The table is Unicode's (UTS 39, `confusables.txt`), cut to the letters of `service:` and to what
folding leaves apart. Texts are expected folded: NFKC and lower case.
"""

# ruff: noqa: RUF001 - characters that can be mistaken for others are what this table lists

import unicodedata
from types import MappingProxyType
from typing import Final

from netra.principal import SERVICE_NAMESPACE

_LOOK_ALIKES: Final = {
    "s": "5ƽѕտᏕᏚꓢꜱ𐊖𐑈𑣁𖼺",
    "e": "3εеҽᎬ℮⋿ⴹꓰꬲ𐊆𑣆𑣎",
    "r": "ʀгᎡᎱᏒᖇᴦⲅꓣꭇꭈ𐓜𖼵𝈖",
    "v": "νѵט۷٧Ꮩᐯᴠ∨⋁ⴸꓦꛟ𐔝𑜆𑣀𖼈𝈍",
    "i": "1l|!ıǀɩɪιіӏו׀ןا١۱ߊᎥᛁ∣⍳⏽│ⲓⵏꓲꙇ𐊊𐌉𐌠𑣃𖼨𞸀𞺀𞣇",
    "c": "σсᏟᴄⲥꓚ𐊢𐌂𐐽𐔜𑣩𑣲\U0001f74c",
    ":": ";ː˸։׃܃܄ःঃઃଃఃಃഃඃး។៖ះᬄ᛬᠃᠉⁚⁝⁞∶⦂⸬ꓽ꞉፡",
}
_AS: Final = MappingProxyType(
    {ord(look_alike): letter for letter, found in _LOOK_ALIKES.items() for look_alike in found}
)
_INVISIBLE: Final = frozenset(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    )
)
"""Marks and letters that are not seen (`Default_Ignorable_Code_Point`) beside the categories C."""
_UNSEEN_CATEGORIES: Final = ("C", "Z")
_MARK: Final = "M"


def is_invisible(character: str) -> bool:
    """Tell whether a character is a space, a control or otherwise not seen."""
    return unicodedata.category(character)[0] in _UNSEEN_CATEGORIES or ord(character) in _INVISIBLE


def looks_like_a_service(text: str) -> bool:
    """Tell whether a reader could take a text for one in the namespace of services."""
    seen = (c for c in unicodedata.normalize("NFD", text) if not is_invisible(c))
    letters = (_AS.get(ord(c), c) for c in seen)
    skeleton = "".join(c for c in letters if unicodedata.category(c)[0] != _MARK)
    return skeleton.lstrip("\"'(<[.").startswith(SERVICE_NAMESPACE)
