"""HTTP for the licence."""

from portal.context import Context
from portal.modules.licence.schemas import LicenceOut
from portal.modules.licence.wiring import licences
from portal.unit import router as make_router

router = make_router("/license", "license")


@router.get("", summary="Show the portal's plan")
async def get_licence(context: Context) -> LicenceOut:
    return LicenceOut.of(await licences(context.reader).get())
