"""The JSON of departments."""

from typing import Any, Self

from pydantic import BaseModel, Field

from portal.modules.company.contracts import Department
from portal.modules.company.domain.structure import DEFAULT_POSITION
from portal.modules.company.schemas.fields import Body, Position, RowId, Title


class DepartmentIn(Body):
    """A department to make."""

    name: Title
    parent_id: RowId | None = None
    position: Position = DEFAULT_POSITION
    head_id: RowId | None = None


class DepartmentPatch(Body):
    """What to change; a field that is not sent stays as it is."""

    name: Title = Field(default_factory=str)
    parent_id: RowId | None = None
    position: Position = Field(default_factory=int)
    head_id: RowId | None = None

    def given(self) -> dict[str, Any]:
        """Return the fields that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class DepartmentOut(BaseModel):
    """A department."""

    id: int
    name: str
    parent_id: int | None
    position: int = Field(description="its place among its neighbours")
    head_id: int | None

    @classmethod
    def of(cls, department: Department) -> Self:
        """Map a department to the wire."""
        return cls(
            id=department.id,
            name=department.name,
            parent_id=department.parent_id,
            position=department.position,
            head_id=department.head_id,
        )
