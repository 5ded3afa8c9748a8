"""Use cases of apps: what is registered with the platform's developer portal, kept here with its secret sealed."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from fahuo.channels.tiktok_shop import shops as platform
from fahuo.connections import queries, service
from fahuo.connections.model import CONSENT_URL_US, App
from fahuo.flow.house import House
from fahuo.flow.setup import LOOPBACK
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

HOOKS_PATH: Final = "/hooks/tiktok/"
"""Where notices come in: the app's key follows."""
KEY_MAX: Final = 200
RATE_MAX: Final = 1000.0


def add_app(  # noqa: PLR0913 - one argument for each thing that an app is
    house: House,
    app_key: str,
    secret: str | None,
    *,
    service_id: str | None = None,
    api_url: str | None = None,
    auth_url: str | None = None,
    consent_url: str | None = None,
    public_url: str | None = None,
    us: bool = False,
    rates: tuple[float | None, float | None] = (None, None),
    seller_id: int = 1,
) -> App:
    """Keep an app, or change the one with that key: what is None stays as it was. Raises Failure naming the field.

    `public_url`: where this installation is reached from outside; notices come to a path of it. `us`: registered for
    the United States, whose consent page is another.
    """
    with house.store.read(seller_id) as tx:
        known = queries.app_of_key(tx, app_key)
    before = known or App(id=0, app_key=app_key, secret=b"")
    hooks = None if public_url is None else _hooks_url(public_url, app_key)
    app = App(
        id=before.id,
        app_key=_plain("app-key", app_key),
        secret=before.secret if secret is None else _plain("app-secret", secret).encode(),
        service_id=_given(service_id, before.service_id),
        api_url=_url("api-url", _given(api_url, before.api_url)),
        auth_url=_url("auth-url", _given(auth_url, before.auth_url)),
        consent_url=_url("consent-url", _given(consent_url or (CONSENT_URL_US if us else None), before.consent_url)),
        webhook_url=_given(hooks, before.webhook_url),
        reads_per_second=_rate("reads", rates[0] or before.reads_per_second),
        writes_per_second=_rate("writes", rates[1] or before.writes_per_second),
    )
    if not app.secret:
        raise _bad("app-secret", N_("An app needs its secret."), N_("Copy it from the platform's developer portal."))
    if app.webhook_url and (fault := platform.address_fault(app.webhook_url, app.api_url)):
        raise _bad_address(fault, app.webhook_url)
    with house.store.write(seller_id) as tx:
        return service.put_app(tx, app, technical_ms())


def app_list(house: House, seller_id: int = 1) -> list[App]:
    """All apps, the oldest first."""
    with house.store.read(seller_id) as tx:
        return queries.apps(tx)


def app_named(house: House, app_key: str | None, seller_id: int = 1) -> App:
    """The app of that key, or the only one there is. Raises Failure naming those there are."""
    found = app_list(house, seller_id)
    wanted = [app for app in found if app_key is None or app.app_key == app_key]
    if len(wanted) == 1:
        return wanted[0]
    known = ", ".join(app.app_key for app in found) or "-"
    text = N_("There is no app yet.") if not found else N_("Which app? There are: {known}.")
    raise Failure(
        Problem(
            "which_app",
            "app",
            app_key,
            text,
            N_("Add one with `fahuo tiktok app add`, or name it with --app."),
            {"known": known},
        )
    )


def _given(new: str | None, before: str) -> str:
    return before if new is None else new.strip()


def _plain(field: str, text: str) -> str:
    """A key or secret as it is pasted: without blanks around, and nothing in it that a URL or header could not hold."""
    plain = text.strip()
    if not plain or len(plain) > KEY_MAX or not plain.isascii() or any(sign.isspace() for sign in plain):
        raise _bad(field, N_("This is no key of an app."), N_("Copy it from the platform's developer portal."))
    return plain


def _url(field: str, url: str) -> str:
    parts = urlsplit(url)
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url.rstrip("/")
    raise _bad(field, N_("The address must begin with https://."), N_("Only loopback may be called without TLS."))


def _hooks_url(public_url: str, app_key: str) -> str:
    return f"{_url('public-url', public_url.strip())}{HOOKS_PATH}{app_key}" if public_url.strip() else ""


def _rate(field: str, value: float) -> float:
    if 0 < value <= RATE_MAX:
        return value
    raise _bad(field, N_("Calls a second must be between 0 and 1000."), N_("Leave it out to have it found out."))


def _bad(field: str, message: str, then: str) -> Failure:
    return Failure(Problem("bad_app", field, None, message, then))


def _bad_address(fault: str, url: str) -> Failure:
    texts = {
        "scheme": N_("The platform sends notices to https addresses only."),
        "host": N_("The platform sends notices to a domain name only, not to an IP address."),
        "port": N_("The platform sends notices to addresses without a port only."),
        "length": N_("The platform takes addresses of at most 255 characters."),
    }
    return Failure(
        Problem(
            "bad_app",
            "public-url",
            url[:300],
            texts[fault],
            N_("Give the public https address of this installation, or none to work without notices."),
        )
    )
