"""Apps, consents, grants and links in the database: sealed, claimed, fenced, told apart by state."""

import msgspec
import pytest
from sqlalchemy import select

from fahuo.catalogue.model import Shop
from fahuo.catalogue.service import add_shop
from fahuo.connections import pulls, queries, service
from fahuo.connections.model import (
    ACTIVE,
    EXPIRED,
    EXPIRING,
    LIMITED,
    REFUSED,
    WITHDRAWN,
    Health,
    Link,
    Tokens,
    renewal_due_ms,
    state_of,
)
from fahuo.connections.tables import apps, consents, grants, links
from fahuo.store.engine import Store, Tx
from tests.support.tiktok import SECRET, app

NOW = 1_800_000_000_000
HOUR, DAY = 3_600_000, 86_400_000


def tokens(number: int = 1, **changes: object) -> Tokens:
    values = {
        "access_token": f"ROW_access_{number}", "access_until_ms": NOW + 7 * DAY,
        "refresh_token": f"ROW_refresh_{number}", "refresh_until_ms": NOW + 365 * DAY,
        "open_id": "seller-1", "seller_name": "Hoa Mai", "base_region": "VN", "scopes": ("seller.order.info",),
    }  # fmt: skip
    return msgspec.convert(values | changes, Tokens)


def shop(tx: Tx, name: str = "Hoa Mai", id_: int = 11) -> Shop:
    made = Shop(
        seller_id=1, id=id_, name=name, market="VN", seller_type="local", shipping_type="TIKTOK",
        zone="Asia/Ho_Chi_Minh", currency="VND",
    )  # fmt: skip
    add_shop(tx, made, None, 0)
    return made


def tie(tx: Tx, shop_id: int = 11, name: str = "Hoa Mai", platform: str = "7494") -> Link:
    shop(tx, name, shop_id)
    known = service.put_app(tx, app(id=0), NOW)
    grant = service.put_grant(tx, known.id, tokens(), NOW)
    link = Link(
        shop_id=shop_id, shop=name, platform_shop_id=platform, cipher="ROW_c", region="VN", seller_type="local",
        app=known, grant_id=grant, access_token="",
    )  # fmt: skip
    service.put_link(tx, link, name, NOW)
    found = queries.link_of(tx, shop_id)
    assert found is not None
    return found


def test_secrets_are_sealed_and_open_for_those_who_call(tx: Tx) -> None:
    link = tie(tx)
    assert link.access_token == "ROW_access_1"
    assert link.app.secret == SECRET
    assert link.app.app_key == "38abcd"
    grant = queries.grant_of(tx, link.grant_id)
    assert grant is not None
    assert grant.refresh_token == "ROW_refresh_1"
    for table in (apps, grants, links, consents):
        cells = [cell for row in tx.rows(select(table).where(table.c.seller_id == 1)) for cell in row]
        text = repr([bytes(cell) if isinstance(cell, memoryview) else cell for cell in cells])
        assert SECRET.decode() not in text
        assert "ROW_access" not in text
        assert "ROW_refresh" not in text
    assert SECRET.decode() not in repr((link, link.app, grant, tokens()))
    assert "ROW_" not in repr((link, grant, tokens()))


def test_a_link_is_found_by_our_shop_and_by_theirs(tx: Tx) -> None:
    link = tie(tx)
    assert queries.link_of_platform(tx, "7494") == link
    assert queries.link_of_platform(tx, "0") is None
    assert queries.connected(tx) == {11}
    assert queries.linked(tx) == {"7494": 11}
    assert queries.places(tx) == [("38abcd", "7494", 11)]
    assert [one.state for one in queries.links(tx, only_active=True)] == [ACTIVE]


def test_one_shop_of_theirs_is_one_shop_of_ours(store: Store) -> None:
    with store.write() as tx:
        tie(tx)
    with pytest.raises(Exception, match=r"(?i)unique|constraint"), store.write() as tx:
        tie(tx, 12, "Other", "7494")


def test_the_same_app_again_keeps_its_id_and_its_links(tx: Tx) -> None:
    link = tie(tx)
    again = service.put_app(tx, app(id=0, secret=b"other"), NOW + 1)
    assert again.id == link.app.id
    found = queries.app_of_key(tx, "38abcd")
    assert found is not None
    assert found.secret == b"other"
    assert len(queries.apps(tx)) == 1


def test_a_consent_is_used_once_by_whom_it_was_made_for_and_in_time(tx: Tx) -> None:
    for state in ("one", "late", "other"):
        service.ask_consent(tx, 7, state, "user:mei", NOW, NOW + 1_000)
    assert service.use_consent(tx, "one", "user:liu", NOW) is None
    assert service.use_consent(tx, "nothing", "user:mei", NOW) is None
    assert service.use_consent(tx, "one", "user:mei", NOW + 999) == 7
    assert service.use_consent(tx, "one", "user:mei", NOW + 999) is None
    assert service.use_consent(tx, "late", "user:mei", NOW + 1_000) is None


def test_a_renewal_is_claimed_by_one_and_fenced(tx: Tx) -> None:
    grant = tie(tx).grant_id
    claim = service.claim_renewal(tx, grant, NOW)
    assert claim is not None
    assert service.claim_renewal(tx, grant, NOW + 1) is None
    taken_over = service.claim_renewal(tx, grant, NOW + service.CLAIM_MS)
    assert taken_over is not None
    assert not service.renewed(tx, grant, claim, tokens(2), NOW)
    assert service.renewed(tx, grant, taken_over, tokens(3), NOW)
    kept = queries.grant_of(tx, grant)
    assert kept is not None
    assert kept.access_token == "ROW_access_3"
    assert not service.not_renewable(tx, grant + 1, taken_over, EXPIRED, "")
    assert service.claim_renewal(tx, grant, NOW) is not None


def test_a_new_consent_is_not_written_over_by_a_renewal_of_the_old_one(tx: Tx) -> None:
    link = tie(tx)
    claim = service.claim_renewal(tx, link.grant_id, NOW)
    assert claim is not None
    assert service.put_grant(tx, link.app.id, tokens(9), NOW + 5) == link.grant_id
    assert not service.renewed(tx, link.grant_id, claim, tokens(2), NOW + 6)
    assert not service.not_renewable(tx, link.grant_id, claim, WITHDRAWN, "36004004")
    kept = queries.grant_of(tx, link.grant_id)
    assert kept is not None
    assert (kept.access_token, kept.state) == ("ROW_access_9", ACTIVE)


def test_what_is_due_for_renewal(tx: Tx) -> None:
    link = tie(tx)
    due = renewal_due_ms(NOW, NOW + 7 * DAY)
    assert queries.to_renew(tx, due - 1) == []
    assert queries.to_renew(tx, due) == [link.grant_id]
    claim = service.claim_renewal(tx, link.grant_id, due)
    assert claim is not None
    service.not_renewed(tx, link.grant_id, claim, due + 5_000, "ReadTimeout", lost=True)
    assert queries.to_renew(tx, due + 4_999) == []
    assert queries.to_renew(tx, due + 5_000) == [link.grant_id]
    assert queries.standings(tx, due)[0].state == EXPIRING
    service.end_link(tx, link.shop_id, REFUSED, "x")
    assert queries.to_renew(tx, due + 5_000) == []


@pytest.mark.parametrize(
    ("life", "lead"),
    [(7 * DAY, 7 * DAY // 5), (10 * HOUR, 2 * HOUR), (4 * HOUR, HOUR), (2 * HOUR, HOUR), (HOUR, HOUR // 2), (0, 0)],
)
def test_when_a_token_is_renewed(life: int, lead: int) -> None:
    assert renewal_due_ms(NOW, NOW + life) == NOW + life - lead


def test_the_state_people_see() -> None:
    far = NOW + 60 * DAY
    assert state_of(ACTIVE, ACTIVE, far, NOW) == ACTIVE
    assert state_of(ACTIVE, ACTIVE, NOW + DAY, NOW) == EXPIRING
    assert state_of(ACTIVE, ACTIVE, far, NOW, failing=True) == EXPIRING
    assert state_of(ACTIVE, ACTIVE, NOW, NOW) == EXPIRED
    assert state_of(ACTIVE, ACTIVE, NOW + DAY, NOW, lacking=True) == LIMITED
    assert state_of(WITHDRAWN, ACTIVE, far, NOW, lacking=True) == WITHDRAWN
    assert state_of(WITHDRAWN, ACTIVE, far, NOW) == WITHDRAWN
    assert state_of(ACTIVE, REFUSED, far, NOW) == REFUSED


def test_an_ended_grant_stops_all_its_shops_and_tells_why(tx: Tx) -> None:
    link = tie(tx)
    service.end_grant(tx, link.grant_id, WITHDRAWN, "105002 the seller withdrew")
    (standing,) = queries.standings(tx, NOW)
    assert (standing.state, standing.reason) == (WITHDRAWN, "105002 the seller withdrew")
    assert queries.connected(tx) == frozenset()
    assert queries.links(tx, only_active=True) == []
    again = tie(tx)
    assert again.state == ACTIVE
    assert queries.standings(tx, NOW)[0].reason == ""


def test_what_working_shows_is_kept_and_survives_connecting_again(tx: Tx) -> None:
    tie(tx)
    pulls.advance(tx, 11, 1_700_000_000, NOW)
    pulls.ended(tx, 11, NOW, NOW)
    service.keep_hooks(tx, 11, {"ORDER_STATUS_CHANGE": "https://x.example/hooks"}, "", NOW)
    service.keep_health(tx, 11, Health(reads_per_second=7.5, writes_per_second=2, throttled_ms=5, skew_s=-301), NOW)
    tie(tx)
    (standing,) = queries.standings(tx, NOW, 11)
    assert (standing.cursor_at, standing.pulled_ms) == (1_700_000_000, NOW)
    assert (standing.reads_per_second, standing.skew_s, standing.throttled_ms) == (7.5, -301, 5)
    assert standing.hooks == {"ORDER_STATUS_CHANGE": "https://x.example/hooks"}
    assert standing.scopes == ("seller.order.info",)
    assert queries.looks_due(tx, NOW) == []
    assert queries.looks_due(tx, NOW + 1) == [11]


def test_another_seller_sees_nothing(store: Store) -> None:
    with store.write() as tx:
        tie(tx)
    with store.read(2) as tx:
        assert (queries.apps(tx), queries.links(tx), queries.standings(tx, NOW), queries.connected(tx)) == (
            [], [], [], frozenset(),
        )  # fmt: skip
        assert queries.link_of_platform(tx, "7494") is None
