"""What kind of contents a file has, and which kinds a browser may show by itself."""

import mimetypes
import re

BINARY = "application/octet-stream"

# Said by tools that do not know: curl's default for any body, and the honest "some bytes".
_SAYS_NOTHING = frozenset({"", BINARY, "application/x-www-form-urlencoded"})
_WELL_FORMED = re.compile(
    r"[a-z0-9][\w.+-]{0,62}/[a-z0-9][\w.+-]{0,62}(;[\x20-\x7e]{0,64})?", re.IGNORECASE
)
# Shown inside the page of the portal these can do nothing; HTML, SVG and XML could act as the person.
_HARMLESS = frozenset(
    (
        *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"),
        *("audio/mpeg", "audio/ogg", "audio/wav", "video/mp4", "video/ogg", "video/webm"),
        *("application/pdf", "text/plain"),
    )
)
# The table of Python itself: the machine's own files differ from node to node.
_BY_NAME = mimetypes.MimeTypes()


def content_type_of(declared: str, name: str) -> str:
    """Return what the sender says, if it says something, else what the name suggests."""
    declared = declared.strip()
    if declared.partition(";")[0].lower() not in _SAYS_NOTHING and _WELL_FORMED.fullmatch(declared):
        return declared
    return _BY_NAME.guess_type(name)[0] or BINARY


def is_harmless(content_type: str) -> bool:
    """Tell whether a browser may show such a file instead of saving it."""
    return content_type.partition(";")[0].strip().lower() in _HARMLESS
