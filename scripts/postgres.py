"""A private PostgreSQL: for the tests (gone afterwards) and for a person who wants one (`make db-postgres`).

Server binaries: the folder FAHUO_POSTGRES_BIN, installed ones, else those inside the PyPI package `pgserver`.
Needs no root. PostgreSQL refuses to run as root, so root runs it as `nobody` in a folder that user can reach.
"""

import atexit
import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534
USER = DATABASE = "fahuo"
# A test cluster is thrown away: nothing in it has to survive a power cut.
THROWAWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class UnavailableError(Exception):
    """PostgreSQL cannot be had here; the message says why."""


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("FAHUO_POSTGRES_BIN"):
        yield Path(named)
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent

    def version(folder: Path) -> int:
        return int(folder.parent.name) if folder.parent.name.isdigit() else 0

    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version, reverse=True)
    spec = importlib.util.find_spec("pgserver")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"


def find_binaries() -> Path:
    """The folder that holds `initdb`, `pg_ctl` and `postgres`."""
    for folder in _candidates():
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise UnavailableError("no PostgreSQL server binaries: none installed, and the package pgserver is not there")


def _reachable_by_nobody(path: Path) -> bool:
    read_and_enter = stat.S_IROTH | stat.S_IXOTH
    return all(folder.stat().st_mode & read_and_enter == read_and_enter for folder in (path, *path.parents))


class Cluster:
    """One PostgreSQL cluster in `home`, on a free port of the loopback, with one user, one password, one database."""

    def __init__(self, home: Path, settings: tuple[str, ...] = ()) -> None:
        self.home = home
        self.data = home / "data"
        self.settings = settings
        self._address = home / "url"
        self._as_nobody = os.geteuid() == 0

    @property
    def url(self) -> str:
        """Where the running cluster listens, as `postgresql://user:password@127.0.0.1:port/database`."""
        return self._address.read_text(encoding="utf-8").strip()

    def _binary(self, name: str) -> str:
        folder = find_binaries()
        if self._as_nobody and not _reachable_by_nobody(folder):
            folder = self._copied(folder)
        return str(folder / name)

    def _copied(self, folder: Path) -> Path:
        """A copy that `nobody` can reach, of the installation or of the whole package with its libraries."""
        copy = self.home / "postgresql"
        package = folder.parent.parent
        libraries = package.parent / f"{package.name}.libs"
        if not libraries.is_dir():
            shutil.copytree(folder.parent, copy, symlinks=True, dirs_exist_ok=True)
            return copy / folder.name
        for part in (package, libraries):
            if not (copy / part.name).exists():
                shutil.copytree(part, copy / part.name, symlinks=True)
        return copy / folder.relative_to(package.parent)

    def _run(self, *command: str) -> None:
        identity = NOBODY if self._as_nobody else None
        log = self.home / "commands.log"
        with log.open("a", encoding="utf-8") as out:
            # pg_ctl's server inherits the output: a pipe here would never close, so it goes to a file.
            done = subprocess.run(  # noqa: S603 -- the binaries found above, with our own arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.home,
                check=False,
                user=identity,
                group=identity,
                extra_groups=None if identity is None else [],
            )
        if done.returncode:
            raise UnavailableError(f"{Path(command[0]).name} failed: {log.read_text(encoding='utf-8')[-800:].strip()}")

    def _create(self) -> str:
        password = secrets.token_urlsafe(18)
        secret = self.home / "password"
        secret.touch(mode=0o600)
        secret.write_text(password, encoding="utf-8")
        if self._as_nobody:
            os.chown(secret, NOBODY, NOBODY)
        options = ("--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync")
        self._run(self._binary("initdb"), f"--pgdata={self.data}", f"--username={USER}", *options)
        return password

    def start(self) -> str:
        """Create the cluster where there is none, start it where it is down; the URL to connect to."""
        if self.running():
            return self.url
        self.home.mkdir(parents=True, exist_ok=True)
        if self._as_nobody:
            self.home.chmod(0o755)
            os.chown(self.home, NOBODY, NOBODY)
        if not (self.data / "PG_VERSION").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self._create()
        password = (self.home / "password").read_text(encoding="utf-8")
        port = urlsplit(self.url).port if self._address.exists() else _free_port()
        options = ["listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=''", *self.settings]
        server = " ".join(f"-c {option}" for option in options)
        log = self.home / "server.log"
        self._run(self._binary("pg_ctl"), "start", "-w", "-t", "60", "-D", str(self.data), "-l", str(log), "-o", server)
        self._create_database(port, password)
        url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"
        self._address.touch(mode=0o600)
        self._address.write_text(url + "\n", encoding="utf-8")
        return url

    def _create_database(self, port: int | None, password: str) -> None:
        import psycopg  # noqa: PLC0415 -- `stop` and the binaries' search work without the driver

        with psycopg.connect(
            host="127.0.0.1", port=port, user=USER, password=password, dbname="postgres", autocommit=True
        ) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def running(self) -> bool:
        """Whether the server of this cluster is alive."""
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            os.kill(pid, 0)
        except PermissionError:
            return True
        except (OSError, ValueError, IndexError):
            return False
        return True

    def stop(self) -> None:
        """Stop the server; open transactions are rolled back."""
        if self.running():
            self._run(self._binary("pg_ctl"), "stop", "-w", "-m", "fast", "-D", str(self.data))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def throwaway() -> Iterator[str]:
    """A cluster for one test run; yields its URL, and removes everything afterwards."""
    home = Path(tempfile.mkdtemp(prefix="fahuo-postgres-"))
    cluster = Cluster(home, THROWAWAY)

    def remove() -> None:
        if home.exists():
            cluster.stop()
            shutil.rmtree(home, ignore_errors=True)

    atexit.register(remove)
    try:
        yield cluster.start()
    finally:
        remove()
        atexit.unregister(remove)


def persistent() -> Cluster:
    """The cluster of `make db-postgres`; it stays until it is stopped, its data stay after that."""
    if os.geteuid() != 0:
        return Cluster(ROOT / ".tools" / "postgres")
    # `nobody` can seldom reach root's folders.
    label = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    return Cluster(Path("/var/tmp") / f"fahuo-postgres-{label}")  # noqa: S108 -- named per checkout, owned by nobody, 0755


def main(arguments: list[str]) -> int:
    """`start` prints the URL, `stop` stops, `run COMMAND…` runs a command beside a throwaway cluster."""
    try:
        match arguments:
            case ["start"]:
                sys.stdout.write(persistent().start() + "\n")
            case ["stop"]:
                persistent().stop()
            case ["run", *command] if command:
                signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
                with throwaway() as url:
                    env = os.environ | {"FAHUO_TEST_POSTGRES_URL": url}
                    return subprocess.run(command, env=env, check=False).returncode  # noqa: S603 -- the caller's own command
            case _:
                sys.stderr.write("usage: postgres.py start | stop | run COMMAND…\n")
                return 2
    except UnavailableError as problem:
        sys.stderr.write(f"{problem}\n")
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
