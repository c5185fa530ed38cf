"""What other modules may know about people."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

UserId = NewType("UserId", int)
DepartmentId = NewType("DepartmentId", int)


class UserState(StrEnum):
    """Where a person stands."""

    INVITED = "invited"
    ACTIVE = "active"
    DISMISSED = "dismissed"


class UserRole(StrEnum):
    """What a person may do."""

    ADMIN = "admin"
    EMPLOYEE = "employee"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company, as far as other modules act for him."""

    id: UserId
    role: UserRole
    state: UserState
    locale: str


@dataclass(frozen=True, slots=True)
class Company:
    """The company that the portal belongs to."""

    name: str
    host: str
    region: str
    home_dc: str
    locale: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Department:
    """A part of the company; the root has no parent. ``position``: its place among its neighbours."""

    id: DepartmentId
    name: str
    parent_id: DepartmentId | None
    position: int = 500
    head_id: UserId | None = None
