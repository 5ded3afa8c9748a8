"""The transport: every way a call can end, what is repeated and what never is."""

import gzip
import logging
from collections.abc import Callable
from email.utils import formatdate

import httpx
import msgspec
import pytest

from fahuo.channels.tiktok_shop import wire
from fahuo.channels.tiktok_shop.client import Client, Lost, Refused, Unreached, Withdrawn
from fahuo.channels.tiktok_shop.pace import FLOOR, Pace
from fahuo.channels.tiktok_shop.shops import renewed_tokens
from fahuo.connections.model import Health, Link
from tests.support.tiktok import NOW, SECRET, Ticks, app, client_for, link, no, ok

SEARCH = "/order/202309/orders/search"
SHIP = "/fulfillment/202309/packages/1/ship"


class Script:
    """Answers one after the other; the last one for ever."""

    def __init__(self, *answers: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers = list(answers)
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return answer(request)


def truncated() -> httpx.Response:
    return httpx.Response(200, content=b'{"code":0,"message":"Success","data":{"orders":[{"id":"5')


def test_a_reply_keeps_the_data_as_it_came_and_the_request_id() -> None:
    script = Script(ok({"total_count": 2, "new_field": [1]}))
    reply = client_for(script).get(link(), "/order/202309/orders", {"ids": ["1", "2"], "none": None, "yes": True})
    assert reply.data == {"total_count": 2, "new_field": [1]}
    assert msgspec.json.decode(reply.raw) == reply.data
    assert reply.request_id == "2026rid"
    asked = script.seen[0].url.params
    assert (asked["ids"], asked["yes"], "none" in asked) == ("1,2", "true", False)
    assert asked["shop_cipher"] == "ROW_test_cipher=="


@pytest.mark.parametrize("data", [None, [], "text"])
def test_data_that_is_no_object_is_empty(data: object) -> None:
    assert client_for(Script(ok(data))).get(link(), "/order/202309/orders").data == {}


@pytest.mark.parametrize("path", ["/authorization/202309/shops", "/seller/202309/shops", "/supply_chain/202309/x",
                                  "/logistics/202309/global_warehouses", "/product/202309/images/upload"])  # fmt: skip
def test_the_cipher_is_left_out_where_it_is_refused(path: str) -> None:
    script = Script(ok({}))
    client_for(script).get(link(), path)
    assert "shop_cipher" not in script.seen[0].url.params


def test_too_many_calls_pause_as_long_as_the_platform_says_and_halve_the_budget() -> None:
    ticks = Ticks()
    script = Script(no(36009002, http=429, headers={"retry-after": "7"}), ok({}))
    client = client_for(script, ticks)
    before = client.health(link())
    client.post(link(), SHIP, body={})
    assert len(script.seen) == 2
    assert ticks.at - NOW >= 7
    after = client.health(link())
    assert after.writes_per_second < before.writes_per_second * 0.6
    assert after.reads_per_second == before.reads_per_second
    assert after.throttled_ms == int(NOW * 1000)


def test_the_pause_may_be_told_as_an_instant() -> None:
    ticks = Ticks()
    told = {"date": formatdate(NOW, usegmt=True), "retry-after": formatdate(NOW + 9, usegmt=True)}
    client_for(Script(no(36009002, http=429, headers=told), ok({})), ticks).get(link(), SEARCH)
    assert ticks.at - NOW >= 9
    for odd in ("soon", "-5", "1.5", "", "Thu, 99 Foo 2026"):
        client_for(Script(no(36009002, http=429, headers={"retry-after": odd}), ok({})), Ticks()).get(link(), SEARCH)


def test_too_many_calls_to_the_end_are_no_call() -> None:
    ticks = Ticks()
    script = Script(no(36009002, http=200))
    with pytest.raises(Unreached) as ended:
        client_for(script, ticks).get(link(), SEARCH)
    assert len(script.seen) == 6  # the first, and five repetitions
    assert ended.value.retry_at_ms > ticks.at * 1000
    assert ended.value.request_id == "2026rid"


def test_a_pause_longer_than_the_call_is_worth_is_not_waited_for() -> None:
    ticks = Ticks()
    script = Script(no(36009002, http=429, headers={"retry-after": "3600"}), ok({}))
    client = client_for(script, ticks)
    with pytest.raises(Unreached) as ended:
        client.get(link(), SEARCH)
    assert ended.value.retry_at_ms >= (NOW + 3600) * 1000
    with pytest.raises(Unreached):  # and nobody else calls for this shop meanwhile
        client.post(link(), SHIP, body={})
    client.get(link(platform_shop_id="another"), SEARCH)
    assert len(script.seen) == 2
    assert ticks.slept == []


@pytest.mark.parametrize(
    "broken",
    [
        httpx.Response(500), httpx.Response(503, content=b"<html>"), httpx.Response(408), no(36009003, http=200),
        no(36009007, http=504), no(10002014), truncated(), httpx.Response(200, content=b""), ok({}, extensions={}),
        httpx.Response(200, content=b"[" * 5_000),
        httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"), httpx.ReadError("reset"), httpx.WriteError("cut"),
        httpx.Response(200, content=b"\xff{"), httpx.Response(200, headers={"content-encoding": "gzip"}, content=b"?"),
    ],
)  # fmt: skip
def test_what_may_have_happened_is_repeated_for_reads_only(broken: httpx.Response | Exception) -> None:
    if isinstance(broken, httpx.Response) and broken.content == ok({}).content:
        broken = httpx.Response(200, content=b"[]")
    ticks = Ticks()
    reading = Script(broken, broken, ok({"a": 1}))
    assert client_for(reading, ticks).get(link(), SEARCH).data == {"a": 1}
    assert len(reading.seen) == 3
    assert 3.0 <= ticks.at - NOW <= 4.1  # 1 + 2 seconds and the jitter
    writing = Script(broken, ok({}))
    with pytest.raises(Lost):
        client_for(writing).post(link(), SHIP, body={})
    assert len(writing.seen) == 1
    for_ever = Script(broken)
    with pytest.raises(Lost):
        client_for(for_ever).post(link(), SEARCH, body={}, read=True)
    assert len(for_ever.seen) == 6


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ConnectTimeout("no"), httpx.PoolTimeout("no")])
def test_what_surely_did_not_happen_is_repeated_for_writes_too(error: Exception) -> None:
    script = Script(error, ok({"done": True}))
    assert client_for(script).post(link(), SHIP, body={}).data == {"done": True}
    with pytest.raises(Unreached):
        client_for(Script(error)).post(link(), SHIP, body={})


def test_a_refusal_is_an_answer_and_never_repeated() -> None:
    script = Script(no(21011044, "on hold"))
    with pytest.raises(Refused) as ended:
        client_for(script).post(link(), SHIP, body={})
    assert (ended.value.code, ended.value.message, ended.value.request_id) == (21011044, "on hold", "2026rid")
    assert len(script.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 403, 404])
def test_an_answer_that_is_none_of_the_api_is_refused_by_its_status(status: int) -> None:
    script = Script(httpx.Response(status, headers={"location": "https://evil.test/"}, content=b"<html>"))
    with pytest.raises(Refused) as ended:
        client_for(script).post(link(), SHIP, body={})
    assert ended.value.code == status
    assert [request.url.host for request in script.seen] == ["api.test"]


def test_an_answer_without_end_is_cut_and_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_ANSWER", 10_000)
    packed = gzip.compress(b'{"code":0,"data":{"x":"' + b"a" * 1_000_000 + b'"}}')
    script = Script(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(packed)))
    script.answers = [lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, content=packed)]
    with pytest.raises(Lost, match="too large"):
        client_for(script).get(link(), SEARCH)
    assert len(script.seen) == 1


def fresh(of: Link) -> Link:
    return msgspec.structs.replace(of, access_token="ROW_access_1", access_until_ms=of.access_until_ms + 1)


def test_a_token_that_dies_in_the_middle_is_renewed_once_and_kept() -> None:
    asked: list[str] = []

    def renew(of: Link) -> Link:
        asked.append(of.access_token)
        return fresh(of)

    def handler(request: httpx.Request) -> httpx.Response:
        return ok({}) if request.headers["x-tts-access-token"] == "ROW_access_1" else no(105002, http=401)

    script = Script(handler)
    client = client_for(script, renew=renew)
    client.post(link(), SHIP, body={})
    client.post(link(), SHIP, body={})  # the caller still holds the old link
    client.get(link(shop_id=12, platform_shop_id="another shop of the grant"), SEARCH)
    assert asked == ["ROW_access_0"]
    assert len(script.seen) == 4


def test_a_token_that_renewing_does_not_heal_is_dead() -> None:
    told: list[tuple[str, int]] = []
    script = Script(no(105002, http=401))
    client = client_for(
        script, renew=fresh, barred=lambda of, _path, refused: told.append((of.access_token, refused.code))
    )
    with pytest.raises(Withdrawn):
        client.get(link(), SEARCH)
    assert told == [("ROW_access_1", 105002)]
    assert len(script.seen) == 3


def test_a_token_that_ends_again_before_it_was_used_is_no_dead_connection() -> None:
    """Another call had it renewed, and that one ended too before this call's turn came."""
    told: list[Refused] = []
    script = Script(no(105002, http=401), no(105002, http=401), ok())
    client = client_for(script, renew=fresh, barred=lambda _of, _path, refused: told.append(refused))
    client.get(link(), SEARCH)
    assert told == []
    assert len(script.seen) == 3


@pytest.mark.parametrize("code", [36004004, 101000])
def test_a_token_refused_for_good_is_not_renewed(code: int) -> None:
    told: list[int] = []
    with pytest.raises(Withdrawn):
        client_for(Script(no(code)), renew=fresh, barred=lambda _of, _path, refused: told.append(refused.code)).get(
            link(), SEARCH
        )
    assert told == [code]


@pytest.mark.parametrize("state", ["expired", "withdrawn", "refused"])
def test_a_dead_connection_is_not_called(state: str) -> None:
    script = Script(ok({}))
    with pytest.raises(Withdrawn):
        client_for(script).get(link(state=state), SEARCH)
    assert script.seen == []


@pytest.mark.parametrize("off", [-300, 300, 45])
def test_a_clock_that_is_wrong_is_corrected_and_shown(off: int) -> None:
    ticks = Ticks()
    theirs = NOW + off

    def handler(request: httpx.Request) -> httpx.Response:
        date = {"date": formatdate(theirs, usegmt=True)}
        at = int(request.url.params["timestamp"])
        if -300 < at - theirs < 30:
            return ok({}, headers=date)
        return no(36009004, "Invalid timestamp: it is expired", 400, headers=date)

    script = Script(handler)
    client = client_for(script, ticks)
    client.post(link(), SHIP, body={})
    assert abs(client.health(link()).skew_s - off) <= 1
    count = len(script.seen)
    client.post(link(), SHIP, body={})
    assert len(script.seen) == count + 1
    assert abs(int(script.seen[-1].url.params["timestamp"]) - theirs) <= 1


def test_a_small_skew_is_left_alone() -> None:
    script = Script(lambda _: ok({}, headers={"date": formatdate(NOW + 10, usegmt=True)}))
    client = client_for(script)
    client.get(link(), SEARCH)
    assert client.health(link()).skew_s == 0


def test_a_slow_answer_is_no_skew() -> None:
    ticks = Ticks()

    def slow(_: httpx.Request) -> httpx.Response:
        wrote = formatdate(ticks.at, usegmt=True)
        ticks.sleep(50)
        return ok({}, headers={"date": wrote})

    client = client_for(slow, ticks)
    client.get(link(), SEARCH)
    assert client.health(link()).skew_s == 0


def test_health_is_told_at_most_once_a_minute() -> None:
    ticks = Ticks()
    told: list[Health] = []
    client = client_for(Script(ok({})), ticks, tell=lambda _, health: told.append(health))
    for _ in range(3):
        client.get(link(), SEARCH)
    assert len(told) == 1
    ticks.at += 61
    client.get(link(), SEARCH)
    assert len(told) == 2
    assert told[1].reads_per_second >= told[0].reads_per_second


def test_the_first_call_too_many_is_told_at_once() -> None:
    ticks = Ticks()
    told: list[Health] = []
    script = Script(ok({}), *[no(36009002, http=429)] * 3, ok({}))
    client = client_for(script, ticks, tell=lambda _, health: told.append(health))
    client.get(link(), SEARCH)
    client.get(link(), SEARCH)
    assert len(told) == 2
    assert told[1].throttled_ms is not None
    assert told[1].reads_per_second < told[0].reads_per_second


def test_a_document_is_fetched_without_token_and_only_by_tls() -> None:
    script = Script(httpx.Response(500), httpx.Response(200, content=b"%PDF-1.7"))
    client = client_for(script)
    assert client.download(link(), "https://files.test/label.pdf?x=1") == b"%PDF-1.7"
    assert "x-tts-access-token" not in script.seen[0].headers
    for address in ("http://files.test/label.pdf", "file:///etc/passwd", "ftp://x"):
        with pytest.raises(Refused):
            client.download(link(), address)
    with pytest.raises(Refused):
        client_for(Script(httpx.Response(403))).download(link(), "https://files.test/gone.pdf")
    inside = link(app=app(api_url="http://127.0.0.1:8900"))
    assert client_for(Script(httpx.Response(200, content=b"x"))).download(inside, "http://127.0.0.1:8900/l") == b"x"


def test_secrets_are_in_no_log_and_no_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret, refresh = SECRET.decode(), "ROW_refresh_secret"

    def seen(error: BaseException | None, *more: object) -> None:
        said = caplog.text + repr(error) + str(error) + "".join(repr(one) for one in more)
        assert secret not in said
        assert refresh not in said
        assert "ROW_access_0" not in said

    for answer in (
        no(36004004, "no"),
        httpx.ConnectError(f"x?app_secret={secret}"),
        httpx.ReadTimeout(secret),
        truncated(),
    ):
        with pytest.raises((Refused, Unreached, Lost)) as ended:
            renewed_tokens(client_for(Script(answer)), app(), refresh)
        seen(ended.value, app(), link(), ended.value.__cause__)
    with pytest.raises(Refused) as refused:
        client_for(Script(no(106001, "sign"))).get(link(), SEARCH)
    seen(refused.value)


def test_reads_and_writes_do_not_wait_for_each_other() -> None:
    ticks = Ticks()
    pace = Pace(5.0, 2.0, ticks.now)
    for _ in range(5):
        assert pace.take(True, 60) == pytest.approx(0, abs=1e-3)  # a second's worth at once
    assert pace.take(True, 60) == pytest.approx(0.2, abs=1e-3)
    assert pace.take(False, 60) == 0
    assert pace.take(True, 0.1) == pytest.approx(0.4, abs=1e-3)  # not booked
    assert pace.take(True, 60) == pytest.approx(0.4, abs=1e-3)


def test_the_budget_climbs_slowly_falls_by_half_and_never_below_the_floor() -> None:
    ticks = Ticks()
    pace = Pace(4.0, 2.0, ticks.now)
    for _ in range(4):
        pace.went_well(True)
    assert pace.rates[0] == pytest.approx(4.5, abs=0.03)
    pace.too_much(True, 0)
    pace.too_much(True, 0)  # one of those under way at the same time
    assert pace.rates[0] == pytest.approx(2.25, abs=0.02)
    for _ in range(20):
        ticks.at += 60
        pace.too_much(True, 1)
    assert pace.rates == (FLOOR, 2.0)
    assert 0 < pace.take(False, 60) <= 1


def test_a_client_is_shared_by_threads() -> None:
    import threading  # noqa: PLC0415 - one use

    client: Client = client_for(Script(ok({})))
    wrong: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                client.get(link(), SEARCH)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
