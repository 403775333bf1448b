"""The declarative root: naming of constraints and the mapping from Python types to columns."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Float, LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeEngine

from fleetscan.model.ids import HostName, Scope, Sha256, SweepId
from fleetscan.store.columns import BigId, Digest, HostText, UtcTime

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(DeclarativeBase):
    """Root of all tables. Rows are read and written through SQLAlchemy Core; no session, no identity map."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[object, TypeEngine[Any]]] = {
        int: BigId,
        float: Float(),
        bytes: LargeBinary(),
        str: HostText(),
        datetime: UtcTime(),
        Sha256: Digest(),
        HostName: HostText(),
        Scope: HostText(),
        SweepId: BigId,
    }
