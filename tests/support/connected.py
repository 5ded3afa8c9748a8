"""A shop that counts as connected, without a platform behind it."""

from fahuo.catalogue import queries as catalogue
from fahuo.connections.tables import apps, grants, links
from fahuo.flow.house import House
from tests.support.rows import insert_row


def connect(house: House, shop: str, region: str = "VN", seller_type: str = "local") -> int:
    """Give the shop an active link and grant; its id."""
    with house.store.write() as tx:
        found = catalogue.shop_named(tx, shop)
        assert found is not None
        insert_row(tx, apps, id=1, app_key="key")
        insert_row(tx, grants, id=1, app_id=1, state="active")
        insert_row(
            tx, links, shop_id=found.id, app_id=1, grant_id=1, platform_shop_id="7", region=region, state="active",
            seller_type=seller_type, hooks="{}", warehouses_problem="[]",
        )  # fmt: skip
    return found.id
