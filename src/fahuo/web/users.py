"""Users and API tokens, for the owner."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from fahuo.access.model import ROLES
from fahuo.access.rules import ACTIONS, TOKEN_ACTIONS
from fahuo.flow import access
from fahuo.views import shops as lists
from fahuo.web.gate import Visitor, draw, house_of, need

router = APIRouter(prefix="/users")
Owner = Annotated[Visitor, Depends(need("access.manage"))]
Name = Annotated[str, Form(max_length=200)]


@router.get("")
def page(request: Request, visitor: Owner) -> Response:
    """Who may log in, and which programs may call."""
    return _page(request, visitor)


def _page(request: Request, visitor: Visitor, **fresh: str) -> Response:
    house = house_of(request)
    with house.store.read(visitor.principal.seller_id) as tx:
        shops = lists.shop_names(tx)
    return draw(
        request,
        "users.html",
        visitor,
        users=access.users(house),
        tokens=access.tokens(house),
        shops=shops,
        roles=ROLES,
        actions={code: text for code, text in ACTIONS.items() if code in TOKEN_ACTIONS},
        fresh=fresh,
    )


@router.post("/add")
def add(request: Request, visitor: Owner, name: Name, role: Name) -> Response:
    """A new user with a password made for him, shown this once."""
    password = access.new_password()
    user = access.add_user(house_of(request), name, role, password, visitor.principal.actor)
    return _page(request, visitor, name=user.name, password=password)


@router.post("/password")
def password(request: Request, visitor: Owner, name: Name) -> Response:
    """A new password, shown this once; the user is logged out everywhere."""
    made = access.new_password()
    access.set_password(house_of(request), name, made, visitor.principal.actor)
    return _page(request, visitor, name=name, password=made)


@router.post("/role")
def role(request: Request, visitor: Owner, name: Name, role: Name) -> Response:
    """Another role."""
    access.set_role(house_of(request), name, role, visitor.principal.actor)
    return RedirectResponse("/users", 303)


@router.post("/active")
def active(request: Request, visitor: Owner, name: Name, active: Annotated[bool, Form()] = False) -> Response:
    """Let a user log in, or no longer."""
    access.set_active(house_of(request), name, active, visitor.principal.actor)
    return RedirectResponse("/users", 303)


@router.post("/tokens/add")
def add_token(
    request: Request,
    visitor: Owner,
    name: Name,
    actions: Annotated[list[str] | None, Form(max_length=50)] = None,
    shops: Annotated[list[str] | None, Form(max_length=500)] = None,
) -> Response:
    """A new token, shown this once."""
    token, text = access.add_token(house_of(request), name, actions or [], shops or [], None, visitor.principal.actor)
    return _page(request, visitor, token=token.name, text=text)


@router.post("/tokens/revoke")
def revoke(request: Request, visitor: Owner, prefix: Annotated[str, Form(max_length=80)]) -> Response:
    """End a token at once."""
    access.revoke_token(house_of(request), prefix, visitor.principal.actor)
    return RedirectResponse("/users", 303)
