"""Routes of plugins: where they are, who may use them, and which are refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated

import pytest
from litestar import Controller, get, post, websocket
from litestar.params import FromPath, FromQuery
from structlog.testing import capture_logs
from web import serving

from trainyard.client.models import CreateRun
from trainyard_core.auth import READ, WRITE, Actor
from trainyard_core.contracts.job import Job
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.routes import PUBLIC, Change, Permission, Routes, Signed
from trainyard_core.errors import Conflict, Invalid
from trainyard_core.hookspecs import hookimpl
from trainyard_core.registry import Registry

OF_PROJECT = {"authorization": Permission(READ, project="project")}
OPEN = {"authorization": PUBLIC}


class Shelf(Controller):
    """A controller with a declaration of its own and a handler with another."""

    path = "/projects/{project:str}/books"
    opt = OF_PROJECT

    @get()
    async def books(
        self, platform: Platform, actor: Actor, project: FromPath[str], size: FromQuery[int] = 1
    ) -> dict[str, str]:
        """Name the books."""
        return {"plugin": platform.plugin, "actor": actor.name, "project": project, "size": str(size)}

    @post(opt={"authorization": Permission(WRITE, project="project")})
    async def add(self, project: FromPath[str]) -> None:
        """Add a book."""
        raise Conflict("the shelf is full", fix="take a book away")


@get("/runs/{project:str}/{ref:str}", opt={"authorization": Permission(READ, project="project", run="ref")})
async def of_run(project: FromPath[str], ref: FromPath[str]) -> str:
    """Answer to whoever may read the run."""
    return "yes"


def plugin(*routes):
    return SimpleNamespace(register_controllers=hookimpl(lambda: [*routes]))


@pytest.fixture
def serve(database_url, tmp_path):
    def of(**plugins):
        registry = Registry()
        for name, routes in plugins.items():
            registry.add(name, plugin(*routes))
        return serving(database_url, tmp_path, registry=registry)

    return of


async def test_routes_are_below_the_plugins_name_and_are_handed_the_platform_and_the_actor(serve):
    async with serve(shelf=[Routes(handlers=[Shelf])]) as web:
        answer = await web.ask("GET", "shelf/projects/default/books?size=3")
        assert answer.json() == {"plugin": "shelf", "actor": "user:admin", "project": "default", "size": "3"}
        assert answer.headers["etag"]
        refused = await web.ask("GET", "shelf/projects/default/books?sise=3")
        assert (refused.status_code, "size" in refused.json()["detail"]) == (422, True)
        refused = await web.ask("GET", "shelf/projects/default/books?actor=ada")
        assert refused.status_code == 422
        full = await web.ask("POST", "shelf/projects/default/books")
        assert (full.status_code, full.json()["code"], full.json()["fix"]) == (409, "conflict", "take a book away")


async def test_a_permission_is_checked_where_the_path_says(serve):
    async with serve(shelf=[Routes(handlers=[Shelf, of_run])]) as web:
        run = await web.admin.runs.create(CreateRun(managed=False))
        viewer, books = await web.role("viewer"), "shelf/projects/default/books"
        asked = {
            "nobody": await web.ask("GET", books, token=""),
            "viewer": await web.ask("GET", books, token=viewer),
            "writing viewer": await web.ask("POST", books, token=viewer),
            "no project": await web.ask("GET", "shelf/projects/nothing/books"),
            "run": await web.ask("GET", f"shelf/runs/default/{run.id}", token=web.of_run(run.id)),
            "no run": await web.ask("GET", f"shelf/runs/default/{'f' * 36}"),
        }
        assert {who: answer.status_code for who, answer in asked.items()} == {
            "nobody": 401, "viewer": 200, "writing viewer": 403, "no project": 404, "run": 200, "no run": 404,
        }  # fmt: skip
        assert {answer.headers["content-type"] for answer in asked.values() if answer.status_code >= 400} == {
            "application/problem+json"
        }


class Hook:
    """A route that is used with a signature."""

    def __init__(self, verify):
        @post("/hook", opt={"authorization": Signed(verify)}, status_code=200)
        async def hook(platform: Platform, data: dict[str, str]) -> str:
            return f"{platform.plugin} {data['event']}"

        self.route = hook


async def verify(platform, headers, body):
    return headers.get("x-signature") == f"of {platform.plugin} and {len(body)}"


async def test_a_signature_is_checked_by_the_raw_body_and_needs_no_token(serve):
    body = b'{"event": "push"}'
    right, wrong = {"x-signature": f"of forge and {len(body)}"}, {"x-signature": "hunter2"}
    async with serve(forge=[Routes(handlers=[Hook(verify).route])]) as web:
        answer = await web.bare.post("/api/v1/forge/hook", content=body, headers=right)
        assert (answer.status_code, answer.text) == (200, "forge push")
        with capture_logs() as logs:
            refused = await web.bare.post("/api/v1/forge/hook", content=body, headers=wrong)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        (line,) = [each for each in logs if each["log_level"] == "warning"]
        assert (line["plugin"], line["route"]) == ("forge", "/api/v1/forge/hook")
        assert "hunter2" not in str(logs)
        large = await web.bare.post("/api/v1/forge/hook", content=bytes(5 * 1024 * 1024), headers=right)
        assert large.status_code == 413
        codes = {(await web.bare.post("/api/v1/forge/hook", headers=wrong)).status_code for _ in range(150)}
        assert codes == {401, 429}


async def test_a_signature_that_cannot_be_checked_is_no_signature(serve):
    async def broken(platform, headers, body):
        raise ValueError(f"password=hunter2 {headers['x-signature']}")

    async with serve(forge=[Routes(handlers=[Hook(broken).route])]) as web:
        with capture_logs() as logs:
            answer = await web.bare.post("/api/v1/forge/hook", json={"event": "push"}, headers={"x-signature": "x"})
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "hunter2" not in str(logs) + answer.text


@get("/", opt=OPEN, media_type="text/html")
async def home() -> str:
    """A page."""
    return "<h1>Yard</h1>"


@get("/", opt=OPEN, media_type="text/html")
async def plain_home() -> str:
    """A page that gives way."""
    return "plain"


async def test_a_plugin_may_have_the_home_page_and_one_that_gives_way_does(serve):
    fallback = Routes(handlers=[plain_home], prefix="/", fallback=True)
    async with serve(a_plain=[fallback], b_shelf=[Routes(handlers=[home], prefix="/")]) as web:
        assert (await web.bare.get("/?from=mail")).text == "<h1>Yard</h1>"
        assert web.runtime.registry.plugins["a_plain"].error == ""
    async with serve(a_plain=[fallback]) as web:
        assert (await web.bare.get("/")).text == "plain"


@get("/undeclared")
async def undeclared() -> str:
    """Declares nothing."""
    return ""


@get("/x", opt={"authorization": Permission("raed")})
async def misspelled() -> str:
    """Declares an action that there is not."""
    return ""


@get("/x", opt=OF_PROJECT)
async def without_project() -> str:
    """Declares a parameter that its path has not."""
    return ""


@post("/public_change", opt=OPEN)
async def public_change(change: Change) -> None:
    """Change something for nobody who is known."""


@get("/x", opt=OPEN)
async def public_actor(actor: Actor) -> str:
    """Asks for who is not known."""
    return ""


@get("/x", opt=OPEN)
async def unreadable(size: Nowhere) -> str:  # noqa: F821 - that is what Litestar refuses
    """Has an annotation that cannot be read."""
    return ""


@post("/x", opt={"authorization": Signed(verify)}, request_max_body_size=None)
async def unbounded() -> None:
    """Would read whatever is sent."""


@websocket("/x", opt=OPEN)
async def talk(socket: Annotated[object, "any"]) -> None:
    """Is no HTTP route."""


@get("/{rest:path}", opt=OPEN)
async def everything(rest: FromPath[str]) -> str:
    """Catches all."""
    return ""


@get("/runs", opt=OPEN)
async def runs() -> str:
    """Is where a route of core is."""
    return ""


REFUSED = {
    "no authorization": (Routes(handlers=[undeclared]), "GET /api/v1/shelf/undeclared: it declares no authorization"),
    "no action": (Routes(handlers=[misspelled]), "no action 'raed'"),
    "no such parameter": (Routes(handlers=[without_project]), "names `project`, and its path has no such parameter"),
    "an actor without a token": (Routes(handlers=[public_actor]), "it asks for `actor` and for no token"),
    "a change without a token": (Routes(handlers=[public_change]), "it asks for `change` and for no token"),
    "an annotation that cannot be read": (Routes(handlers=[unreadable]), "Nowhere"),
    "no bound": (Routes(handlers=[unbounded]), "request_max_body_size"),
    "a websocket": (Routes(handlers=[talk]), "is no HTTP route"),
    "no handler": (Routes(handlers=["shelf"]), "ImproperlyConfigured"),
    "no prefix": (Routes(handlers=[home], prefix="shelf"), "begins with `/`"),
    "all": (Routes(handlers=[everything], prefix="/"), "its route /{rest} hides /api/v1/"),
    "all of the api": (Routes(handlers=[everything], prefix="/api"), "its route /api/{rest} hides /api/v1/"),
    "one of core": (Routes(handlers=[runs], prefix="/api/v1"), "hides /api/v1/runs of Trainyard: use another prefix"),
}


async def tidy(platform, call):
    """A job that is never run."""


TIDY = Job(name="tidy", run=tidy)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_jobs_of_a_plugin_that_is_left_out_are_run_by_nobody(database_url, tmp_path):
    registry = Registry()
    hooks = {"register_controllers": lambda: [Routes(handlers=[undeclared])], "register_jobs": lambda: [TIDY]}
    registry.add("shelf", SimpleNamespace(**{name: hookimpl(hook) for name, hook in hooks.items()}))
    async with serving(database_url, tmp_path, registry=registry) as web:
        web.runtime.forget_left_out()
        assert web.runtime.job_kind("shelf", "tidy") is None
        with pytest.raises(Invalid, match="no job 'tidy'"):
            await web.runtime.platforms.of("shelf").jobs.enqueue("tidy", "a")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", REFUSED)
async def test_a_plugin_with_a_route_that_cannot_be_served_is_left_out_and_the_server_serves(serve, name):
    routes, said = REFUSED[name]
    async with serve(shelf=[routes], books=[Routes(handlers=[home])]) as web:
        assert said in web.runtime.registry.plugins["shelf"].error
        assert "\n" not in web.runtime.registry.plugins["shelf"].error
        assert not web.runtime.registry.manager.has_plugin("shelf")
        assert (await web.ask("GET", "runs")).status_code == 200
        assert (await web.ask("GET", "books")).text == "<h1>Yard</h1>"


async def test_of_two_plugins_with_one_address_the_first_by_name_has_it(serve):
    async with serve(
        b=[Routes(handlers=[plain_home], prefix="/docs")], a=[Routes(handlers=[home], prefix="/docs")]
    ) as web:
        assert (await web.bare.get("/docs")).text == "<h1>Yard</h1>"
        assert "its route /docs hides /docs of plugin 'a'" in web.runtime.registry.plugins["b"].error


async def test_the_openapi_document_has_the_routes_of_plugins_and_who_may_use_them(serve):
    async with serve(shelf=[Routes(handlers=[Shelf, Hook(verify).route, home])]) as web:
        paths = (await web.ask("GET", "openapi.json")).json()["paths"]
    books = paths["/api/v1/shelf/projects/{project}/books"]
    assert books["get"]["description"] == "Name the books."
    assert "security" not in books["get"]
    assert {"401", "403", "404"} <= set(books["get"]["responses"])
    assert {each["name"] for each in books["get"]["parameters"]} == {"project", "size"}
    hook = paths["/api/v1/shelf/hook"]["post"]
    assert (hook["security"], "401" in hook["responses"], "403" in hook["responses"]) == ([], True, False)
    assert "401" not in paths["/api/v1/shelf"]["get"]["responses"]
    assert "/api/v1/runs" in str(paths)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Litestar's, for core's routes
async def test_routes_that_cannot_be_described_leave_the_document_to_core(serve):
    @get("/again", operation_id="same", opt=OPEN)
    async def first() -> str:
        return ""

    @get("/more", operation_id="same", opt=OPEN)
    async def second() -> str:
        return ""

    async with serve(shelf=[Routes(handlers=[first, second])]) as web:
        answer = await web.ask("GET", "openapi.json")
        assert answer.status_code == 200
        assert "/api/v1/runs" in answer.json()["paths"]
        assert (await web.ask("GET", "shelf/more")).status_code == 200
