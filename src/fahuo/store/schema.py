"""All tables there are: every station's `tables` module, found by name, adds its own to the one MetaData."""

import importlib
import pkgutil
from importlib.util import find_spec

from sqlalchemy import MetaData

import fahuo
from fahuo.store import tables


def metadata() -> MetaData:
    """The MetaData with the tables of all stations in it."""
    for package in pkgutil.iter_modules(fahuo.__path__, "fahuo."):
        if package.ispkg and find_spec(f"{package.name}.tables"):
            importlib.import_module(f"{package.name}.tables")
    return tables.metadata
