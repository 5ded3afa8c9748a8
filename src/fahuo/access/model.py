"""Records of access. Times in `…_ms` are technical milliseconds, in `…_at` business seconds."""

from dataclasses import dataclass

OWNER = "owner"
PACKER = "packer"
ROLES = (OWNER, PACKER)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: a person at a page or a program with a token.

    `actions` is what the role or token grants; `shops` the shops it is limited to, None for every shop of the seller.
    `actor` is what the journal shows.
    """

    kind: str
    id: int
    seller_id: int
    name: str
    actions: frozenset[str]
    shops: frozenset[int] | None = None
    role: str = ""

    @property
    def actor(self) -> str:
        """`user:mei`, `token:erp`: stable, and without personal data beyond the name chosen for logging in."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class User:
    """A person who logs in with a name and a password."""

    id: int
    name: str
    role: str
    active: bool
    created_at: int
    password_hash: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One logged-in browser. The token itself is only in the cookie; the database keeps its hash."""

    user: User
    created_ms: int
    seen_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A program's key: `prefix` is shown in lists, the secret only once, when it is made."""

    id: int
    name: str
    prefix: str
    actions: frozenset[str]
    shops: frozenset[int] | None
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    used_ms: int | None


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failed log-ins in a row for one user name or one network address."""

    failures: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A fresh session: the token goes into the cookie and is not kept anywhere else."""

    token: str
    principal: Principal
    csrf: str
    expires_ms: int
