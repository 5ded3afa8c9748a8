"""The nine live orders of Viet Nam (August and September 2025): every limit to the second.

Times: created, arranged, then rts_sla, tts_sla, shipping_due, collection_due, cancel_order_sla as the platform gave
them. cancel_order_sla means the limit for arranging until arranged, the limit for collection afterwards.
"""

import numpy as np
import pytest

from fahuo.deadlines.model import CLOCK, CLOCKS, Facts
from fahuo.deadlines.packs import load_book
from fahuo.deadlines.rules import compute
from fahuo.kernel.instant import NONE

ARRANGED = 1_754_786_280  # Sunday 10 August 2025 07:38, the only one that was arranged
LIVE = np.array(
    [
        [1754785736, ARRANGED, 1754902800, 1754931599, 1755017999, 1755104399, 1755104399],
        [1755826167, NONE, 1755853200, 1755881999, 1756141199, 1756227599, 1756141199],
        [1755829317, NONE, 1755853200, 1755881999, 1756141199, 1756227599, 1756141199],
        [1755931405, NONE, 1755939600, 1755968399, 1756227599, 1756313999, 1756227599],
        [1756185057, NONE, 1756198800, 1756227599, 1756400399, 1756486799, 1756400399],
        [1756542659, NONE, 1756573199, 1756918799, 1757005199, 1757091599, 1757005199],
        [1756573753, NONE, 1756890000, 1756918799, 1757005199, 1757091599, 1757005199],
        [1756949855, NONE, 1756976400, 1757005199, 1757177999, 1757350799, 1757177999],
        [1756949956, NONE, 1756976400, 1757005199, 1757177999, 1757350799, 1757177999],
    ],
    dtype=np.int64,
)
ORDER = ["ready_to_ship", "first_scan", "auto_cancel_not_ready", "auto_cancel_not_collected", "auto_cancel"]


def facts() -> Facts:
    return Facts.of(9, market=["VN"] * 9, created_at=LIVE[:, 0].copy(), ready_at=LIVE[:, 1].copy())


def test_all_forty_five_limits_to_the_second() -> None:
    clocks = compute(facts(), load_book())
    assert len(clocks) == 45
    assert clocks.due.reshape(9, 5).tolist() == LIVE[:, 2:].tolist()
    assert [CLOCKS[c] for c in clocks.clock[:5]] == ORDER
    assert (clocks.source == 0).all()


def test_the_cancel_limit_changes_its_meaning_once_arranged() -> None:
    waiting = facts()
    waiting.ready_at[0] = NONE
    arranged = facts()
    arranged.ready_at[:] = arranged.created_at + 600
    for some, column in ((waiting, 4), (arranged, 5)):
        clocks = compute(some, load_book())
        assert clocks.due[clocks.clock == CLOCK["auto_cancel"]].tolist() == LIVE[:, column].tolist()


def test_the_platforms_own_fields_say_the_same() -> None:
    given = facts()
    names = ("rts_sla_time", "tts_sla_time", "shipping_due_time", "collection_due_time", "cancel_order_sla_time")
    given.platform = {name: LIVE[:, 2 + i].copy() for i, name in enumerate(names)}
    clocks = compute(given, load_book())
    assert clocks.due.reshape(9, 5).tolist() == LIVE[:, 2:].tolist()
    assert (clocks.source == 1).all()


@pytest.mark.parametrize(("order", "cancelled"), [(1, 1756143069), (2, 1756141676), (3, 1756228773), (4, 1756403705)])
def test_orders_the_system_cancelled_had_missed_their_clock(order: int, cancelled: int) -> None:
    given = facts()
    given.cancelled_at[order] = cancelled
    clocks = compute(given, load_book())
    mine = (clocks.order == order) & (clocks.clock == CLOCK["auto_cancel"])
    assert clocks.outcome(cancelled)[mine].tolist() == [2]
    assert clocks.outcome(int(clocks.due[mine][0]))[mine].tolist() == [0]
