"""The platform's error codes: what class of trouble each is, whether the call may be repeated, and what to do.

Source: the reference's tables of gateway and business codes. A code that is not here is `business`: said no, for a
person to read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_

BUSY: Final = 36009002
TOKEN_EXPIRED: Final = 105002
CODE_INVALID: Final = 36004004
BAD_PARAMETER: Final = 36009004
NOT_LINKED: Final = 101000
NO_PERMISSION: Final = 105005


class Meaning(NamedTuple):
    """`kind`: auth, busy, broken (theirs failed; a write may have happened), data (we asked wrongly), business (no)."""

    kind: str
    repeat: bool
    message: str
    next: str


_CONNECT: Final = N_("Connect the shop again: `fahuo tiktok connect`, or the shop's page.")
_WAIT: Final = N_("Nothing: it is tried again by itself.")
_REPORT: Final = N_("Report it with the request id; the call is not repeated.")
_SECRET: Final = N_(
    "Compare app key and secret with the platform's developer portal, then `fahuo tiktok app add` again."
)
_ITEM: Final = N_("Correct the article or its warehouse on the platform, then repeat the effect.")

_BROKEN = Meaning("broken", True, N_("The platform failed inside."), _WAIT)
_NO_READ = Meaning("broken", True, N_("The platform could not read the order."), _WAIT)
_STOCK = Meaning("data", False, N_("The platform refused the stock figure."), _ITEM)

TABLE: Final[dict[int, Meaning]] = {
    BUSY: Meaning("busy", True, N_("Too many calls: the platform asks for a pause."), _WAIT),
    36009003: _BROKEN,
    36009007: Meaning("broken", True, N_("The platform did not answer in time."), _WAIT),
    BAD_PARAMETER: Meaning("data", False, N_("The platform did not accept a part of the call."), _REPORT),
    36009009: Meaning("data", False, N_("The platform does not know this call."), _REPORT),
    36009010: Meaning("data", False, N_("The platform does not know this call."), _REPORT),
    36009014: Meaning("data", False, N_("The platform does not know this version of the call."), _REPORT),
    36009021: Meaning("data", False, N_("The file is too large for the platform."), N_("Give a smaller file.")),
    36009022: Meaning("data", False, N_("The platform did not accept a part of the call."), _REPORT),
    36009023: Meaning("data", False, N_("The platform did not accept a part of the call."), _REPORT),
    36009033: Meaning(
        "auth",
        False,
        N_("This machine's address is not on the app's allow list."),
        N_("Add the address in the platform's developer portal."),
    ),
    CODE_INVALID: Meaning("auth", False, N_("The platform does not accept the authorisation."), _CONNECT),
    NOT_LINKED: Meaning("auth", False, N_("The token does not belong to this shop."), _CONNECT),
    TOKEN_EXPIRED: Meaning("auth", False, N_("The access token has expired and cannot be renewed."), _CONNECT),
    NO_PERMISSION: Meaning(
        "auth",
        False,
        N_("The app has no permission for this call."),
        N_("Grant the app this scope in the developer portal, then connect the shop again."),
    ),
    106001: Meaning("auth", False, N_("The platform did not accept our signature."), _SECRET),
    106013: Meaning("data", False, N_("The call did not say which shop it is for."), _REPORT),
    10002014: _NO_READ,
    10002015: _NO_READ,
    10037002: _NO_READ,
    10037003: _NO_READ,
    10037004: _NO_READ,
    10006402: _BROKEN,
    12001000: _BROKEN,
    33001002: _BROKEN,
    21011044: Meaning(
        "business",
        False,
        N_("The order is on hold: the buyer may still change it."),
        N_("Wait until the platform lets it go; it is planned then."),
    ),
    21011007: Meaning(
        "business",
        False,
        N_("An item of the parcel has an open after-sale request."),
        N_("Answer the request first, then repeat the effect."),
    ),
    21008106: Meaning(
        "business",
        False,
        N_("This shop's market does not have this call."),
        N_("Check the shop's market and shipping type; do it in Seller Center."),
    ),
    21008111: Meaning(
        "business",
        False,
        N_("The order or parcel does not belong to this shop."),
        N_("Check which shop it came from, and that the right shop is connected."),
    ),
    11007016: Meaning(
        "business",
        False,
        N_("The shop may not report tracking of its own deliveries."),
        N_("Ask the platform to allow it for this shop."),
    ),
    11007018: Meaning(
        "business",
        False,
        N_("The platform knows no order with this tracking number."),
        N_("Check the tracking number."),
    ),
    11007021: Meaning(
        "business", False, N_("The platform does not allow this carrier here."), N_("Choose another carrier.")
    ),
    25001021: Meaning(
        "business",
        False,
        N_("The reason does not fit the order's state."),
        N_("Choose another reason; the order may have moved on."),
    ),
    25001011: Meaning(
        "business",
        False,
        N_("Another return or cancellation of this order is being worked on."),
        N_("Wait until it is closed, or answer that one."),
    ),
    25011014: Meaning(
        "business",
        False,
        N_("The returned parcel cannot be rejected in its present state."),
        N_("Read the return again and decide by its present state."),
    ),
    12019024: _STOCK,
    12019028: Meaning("data", False, N_("The platform wants the stock of all warehouses together."), _ITEM),
    12019022: Meaning("data", False, N_("The article has no valid warehouse on the platform."), _ITEM),
    12052036: _STOCK,
    12052037: _STOCK,
    12052901: Meaning("business", False, N_("The product's state on the platform does not allow it."), _ITEM),
    12019008: Meaning("data", False, N_("The platform does not know this product."), _ITEM),
    12019015: Meaning("data", False, N_("The product has too many articles for one call."), _REPORT),
    12052910: Meaning("data", False, N_("The platform did not accept a part of the call."), _REPORT),
    98001004: Meaning("data", False, N_("The platform did not accept a part of the call."), _REPORT),
}
_UNKNOWN = Meaning(
    "business",
    False,
    N_("The platform said no."),
    N_("Read its words; correct the cause and repeat the effect, or do it in Seller Center."),
)


def meaning(code: int) -> Meaning:
    """What a code means; the platform's own words for one nobody has described."""
    return TABLE.get(code, _UNKNOWN)


def problem(code: int, words: str = "", request_id: str = "") -> Problem:
    """A code as a problem for people: our words for it; the platform's, and its id of the request, in `value`."""
    found = meaning(code)
    told = f"{words[:300]} ({request_id})" if request_id else words[:300]
    return Problem(f"tiktok_{code}", "platform" if told else None, told or None, found.message, found.next)
