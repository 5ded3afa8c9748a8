"""What people do from a list: hold, release, send again; once, with a trace, in their own shops only."""

from fahuo.access.model import Principal
from fahuo.access.rules import PERMISSIONS
from fahuo.flow import actions
from fahuo.store import effects
from tests.support.shopfloor import OWNER_HERE, Floor, lines, order, recipient

OWNER = OWNER_HERE


def limited_to(*shops: int) -> Principal:
    return Principal("token", 2, 1, "erp", PERMISSIONS["owner"], frozenset(shops))


def test_a_hold_stops_the_order_and_its_release_lets_it_go_on(floor: Floor) -> None:
    floor.take(floor.shop(), order(1), order(2, lines=lines(TEE=2)))
    floor.run()
    assert floor.station(1) == "pack"
    before = floor.view(1).row["version"]
    done = actions.put_hold(floor.house, OWNER, [floor.id(1)], "the buyer is on the phone")
    assert (done.done, done.unchanged, done.refused) == ([floor.id(1)], [], [])
    assert (floor.station(1), floor.station(2)) == ("check", "pack")
    assert floor.held(1) == {actions.BY_PERSON}
    again = actions.put_hold(floor.house, OWNER, [floor.id(1)], "again")
    assert (again.done, again.unchanged) == ([], [floor.id(1)])
    floor.run()  # the system's own checks leave a person's hold alone
    assert floor.held(1) == {actions.BY_PERSON}
    done = actions.release(floor.house, OWNER, [floor.id(1), floor.id(2)], "settled")
    assert (done.done, done.unchanged) == ([floor.id(1)], [floor.id(2)])
    assert floor.station(1) == "pack"
    view = floor.view(1)
    assert view.row["version"] == before + 2
    assert [line.kind for line in view.timeline][-2:] == ["held", "released"]
    assert {line.actor for line in view.timeline[-2:]} == {"user:mei"}
    assert "phone" not in repr(view.timeline)
    floor.clean()


def test_an_order_goes_back_to_where_its_facts_put_it(floor: Floor) -> None:
    floor.take(floor.shop(), order(1, recipient=recipient(phone="")), order(2))
    assert floor.station(1) == "check"
    actions.put_hold(floor.house, OWNER, [floor.id(1)], "look")
    actions.release(floor.house, OWNER, [floor.id(1)], codes=["phone_missing"])
    assert (floor.station(1), floor.held(1)) == ("check", {actions.BY_PERSON})
    actions.release(floor.house, OWNER, [floor.id(1)], codes=[actions.BY_PERSON])
    assert floor.station(1) == "plan"
    floor.run()
    floor.pack(2)
    actions.put_hold(floor.house, OWNER, [floor.id(2)], "late")
    # What is packed stays in the hand-over even when a hold comes late.
    assert floor.station(2) == "handover"
    floor.clean()


def test_what_cannot_be_held_is_refused_and_the_rest_goes_on(floor: Floor) -> None:
    floor.take(floor.shop(), order(1), order(2, state="CANCELLED"))
    done = actions.put_hold(floor.house, OWNER, [floor.id(1), floor.id(2), 12345], "x")
    assert done.done == [floor.id(1)]
    assert {id_: problem.code for id_, problem in done.refused} == {floor.id(2): "left_already", 12345: "not_found"}


def test_the_version_read_must_still_be_there(floor: Floor) -> None:
    floor.take(floor.shop(), order(1))
    id_, version = floor.id(1), floor.view(1).row["version"]
    refused = actions.put_hold(floor.house, OWNER, [id_], "x", expected={id_: version + 1}).refused
    assert [problem.code for _, problem in refused] == ["version_changed"]
    assert floor.held(1) == set()
    assert actions.put_hold(floor.house, OWNER, [id_], "x", expected={id_: version}).done == [id_]


def test_other_shops_orders_are_unknown(floor: Floor) -> None:
    mine, other = floor.shop(), floor.shop("other")
    floor.take(mine, order(1))
    floor.take(other, order(2, lines=lines(TEE=2)))
    for act in (actions.put_hold, actions.release):
        done = act(floor.house, limited_to(mine.id), [floor.id(1), floor.id(2)], "x")
        assert [(id_, problem.code) for id_, problem in done.refused] == [(floor.id(2), "not_found")]
    assert floor.held(2) == set()


def test_messages_are_sent_again_once(floor: Floor) -> None:
    mine = floor.shop()
    floor.take(mine, order(1))
    id_ = floor.id(1)
    with floor.store.write() as tx:
        wanted = effects.Effect("k1", "report_shipped", "files", mine.id, id_, None, floor.clock.at, {}, waits=True)
        effects.put(
            tx, [wanted, effects.Effect("k2", "report_shipped", "files", mine.id, None, None, floor.clock.at, {})]
        )
        ids = [row[0] for row in tx.rows("SELECT id FROM effects WHERE seller_id = 1 ORDER BY key")]
    elsewhere = actions.retry(floor.house, limited_to(mine.id + 1), ids)
    assert [problem.code for _, problem in elsewhere.refused] == ["not_found", "not_found"]
    done = actions.retry(floor.house, OWNER, [*ids, 99])
    assert (done.done, done.unchanged) == ([ids[0]], [ids[1]])
    assert [id_ for id_, _ in done.refused] == [99]
    assert floor.kinds(1)[-1] == "sent_again"
    assert actions.retry(floor.house, OWNER, ids).done == []
    floor.clean()


def test_the_number_of_statements_does_not_grow_with_the_batch(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(1, 31)])
    ids = [floor.id(n) for n in range(1, 31)]
    counts = []
    for batch in (ids[:2], ids[2:]):
        with floor.store.read() as tx:
            start = tx.conn.info.get("fahuo.statements", 0)
        actions.put_hold(floor.house, OWNER, batch, "x")
        with floor.store.read() as tx:
            counts.append(tx.conn.info.get("fahuo.statements", 0) - start)
    assert counts[0] == counts[1]
