"""`/admin/services`: what operators and the operations toolkit may do to services."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Request, Response, Security

from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal
from netra.wire.auth_admin import (
    ADMIN_SERVICE_DISABLE_PATH,
    ADMIN_SERVICE_ENABLE_PATH,
    ADMIN_SERVICE_PATH,
    ADMIN_SERVICE_SECRET_PATH,
    ADMIN_SERVICE_SECRETS_PATH,
    ADMIN_SERVICES_PATH,
    NewService,
    RegisteredService,
    RotatedSecret,
    SecretRotation,
    ServiceChange,
    ServiceList,
    ServiceRecord,
)
from netra_auth.api.bearer import ProtectedRoute, permitted
from netra_auth.api.documentation import problems
from netra_auth.api.state import origin_of, state_of

router = APIRouter(tags=["admin"], route_class=ProtectedRoute)

Administrator: TypeAlias = Annotated[
    AuthenticatedPrincipal, Security(permitted(Permission.SERVICES_ADMIN))
]
ServiceId: TypeAlias = Annotated[str, Path(max_length=64)]


@router.get(ADMIN_SERVICES_PATH, responses=problems(400, 401, 403, 503))
async def services(
    request: Request, response: Response, _administrator: Administrator
) -> ServiceList:
    """List every service, and which of its secrets are used."""
    response.headers["Cache-Control"] = "no-store"
    return await state_of(request).service_administration.all()


@router.post(
    ADMIN_SERVICES_PATH, status_code=201, responses=problems(400, 401, 403, 409, 413, 422, 503)
)
async def add_service(
    request: Request, response: Response, administrator: Administrator, new: NewService
) -> RegisteredService:
    """Register a service. Its secret is in this answer and nowhere else."""
    response.headers["Cache-Control"] = "no-store"
    administration = state_of(request).service_administration
    return await administration.register(new, administrator, origin_of(request))


@router.get(ADMIN_SERVICE_PATH, responses=problems(400, 401, 403, 404, 422, 503))
async def service(
    request: Request, response: Response, _administrator: Administrator, service_id: ServiceId
) -> ServiceRecord:
    """Show a service. A secret that nobody used since the rotation can be deleted."""
    response.headers["Cache-Control"] = "no-store"
    return await state_of(request).service_administration.one(service_id)


@router.patch(ADMIN_SERVICE_PATH, responses=problems(400, 401, 403, 404, 409, 413, 422, 503))
async def change_service(
    request: Request, administrator: Administrator, service_id: ServiceId, change: ServiceChange
) -> ServiceRecord:
    """Change what a service may ask for; what is left out stays."""
    administration = state_of(request).service_administration
    return await administration.change(service_id, change, administrator, origin_of(request))


@router.post(ADMIN_SERVICE_DISABLE_PATH, responses=problems(400, 401, 403, 404, 409, 422, 503))
async def disable_service(
    request: Request, administrator: Administrator, service_id: ServiceId
) -> ServiceRecord:
    """End a service's access: it gets no tokens any more, and every token it has ends."""
    administration = state_of(request).service_administration
    return await administration.disable(service_id, administrator, origin_of(request))


@router.post(ADMIN_SERVICE_ENABLE_PATH, responses=problems(400, 401, 403, 404, 422, 503))
async def enable_service(
    request: Request, administrator: Administrator, service_id: ServiceId
) -> ServiceRecord:
    """Let a disabled service in again."""
    administration = state_of(request).service_administration
    return await administration.enable(service_id, administrator, origin_of(request))


@router.post(
    ADMIN_SERVICE_SECRETS_PATH,
    status_code=201,
    responses=problems(400, 401, 403, 404, 409, 413, 422, 503),
)
async def rotate_secret(
    request: Request,
    response: Response,
    administrator: Administrator,
    service_id: ServiceId,
    rotation: SecretRotation,
) -> RotatedSecret:
    """Make another secret; the present ones end after the overlap. It is in this answer only."""
    response.headers["Cache-Control"] = "no-store"
    return await state_of(request).secret_rotation.rotate(
        service_id, rotation.overlap_seconds, administrator, origin_of(request)
    )


@router.delete(
    ADMIN_SERVICE_SECRET_PATH,
    status_code=204,
    responses=problems(400, 401, 403, 404, 409, 422, 503),
)
async def delete_secret(
    request: Request,
    administrator: Administrator,
    service_id: ServiceId,
    secret_id: Annotated[str, Path(max_length=64)],
) -> None:
    """End one secret at once. Tokens that were had with it live out their minutes."""
    await state_of(request).secret_rotation.delete(
        service_id, secret_id, administrator, origin_of(request)
    )
