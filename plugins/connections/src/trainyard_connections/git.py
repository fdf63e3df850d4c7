"""`git`: a repository on a git host, and the credential for it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from urllib.parse import urlsplit

from trainyard.client.models import FieldProblem
from trainyard_connections.address import answers, check_url, host_and_port
from trainyard_connections.variables import PREFIX, owner, prefix_of, reserved, text
from trainyard_core.contracts.connection import Checkout, Connection, ConnectionKind, JsonSchema
from trainyard_core.contracts.needs import InitStep, Mount, Needs, SecretFiles
from trainyard_core.contracts.secret import Secret

__all__ = ["Git"]

SCHEMES = ("https", "http", "ssh", "git", "file")
USER = "git"
CHECKOUT = """
set -eu
export GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=file:git:http:https:ssh
export GIT_SSH_COMMAND="${GIT_SSH_COMMAND:-ssh -oBatchMode=yes}"
ask() {
  if [ -z "${CHECKOUT_HELPER:-}" ]; then git "$@"
  else git -c credential.helper= -c "credential.$CHECKOUT_HOST.helper=$CHECKOUT_HELPER" "$@"
  fi
}
fetch() { ask fetch --quiet --no-recurse-submodules "$@"; }
git init --quiet --template= -- "$CHECKOUT_PATH"
cd -- "$CHECKOUT_PATH"
git config remote.origin.url "$CHECKOUT_URL"
if fetch --depth=1 "$@" -- origin "$CHECKOUT_REVISION" 2>/dev/null; then
  found=FETCH_HEAD
else
  fetch --tags "$@" -- origin HEAD '+refs/heads/*:refs/remotes/origin/*'
  if [ "$CHECKOUT_REVISION" = HEAD ]; then
    found=$(git rev-parse --verify FETCH_HEAD)
  else
    found=$(git rev-parse --quiet --verify "$CHECKOUT_REVISION^{commit}") ||
      found=$(git rev-parse --quiet --verify "refs/remotes/origin/$CHECKOUT_REVISION^{commit}") ||
      { echo "there is no commit, tag or branch '$CHECKOUT_REVISION' in $CHECKOUT_URL" >&2; exit 1; }
  fi
fi
git checkout --quiet --detach "$found"
case " $* " in *" --recurse-submodules "*) ask submodule --quiet update --init --recursive;; esac
git log -1 --format='checked out %H'
"""
"""Fetches one commit alone where the host can do that, and all branches and tags where it cannot. The helper is asked
for this host only, and no other helper is told what it says. The words that it is given are flags of `git fetch`."""


class Git(ConnectionKind):
    """The password lies in a file of the attempt; a credential helper for git reads it there."""

    name = "git"

    def schema(self) -> JsonSchema:
        """See `ConnectionKind`."""
        url = {"type": "string", "minLength": 1, "maxLength": 2000, "description": "The URL, without a password."}
        user = {"type": "string", "pattern": r"^[^\s:]+$", "maxLength": 200, "description": "The user. Default: git."}
        return {
            "type": "object",
            "properties": {"url": url, "user": user, "prefix": PREFIX},
            "required": ["url"],
            "additionalProperties": False,
        }

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {"password": "the password or access token of the user; leave it out for a public repository"}

    def check(self, connection: Connection) -> list[FieldProblem]:
        """See `ConnectionKind`."""
        return [*check_url(text(connection, "url"), "fields.url", SCHEMES, scp=True), *reserved(connection)]

    def needs(self, connection: Connection) -> Needs:
        """See `ConnectionKind`."""
        prefix, user = prefix_of(connection), text(connection, "user") or USER
        env = {f"{prefix}URL": text(connection, "url"), f"{prefix}USER": user}
        password = connection.secrets.get("password")
        if password is None:
            return Needs(owner=owner(connection), env=env)
        folder = f"connections/{connection.name}"
        file = "${TRAINYARD_MOUNTS}/" + f"{folder}/password"
        variable = f"{prefix}PASSWORD_FILE"
        said = f'echo username={shlex.quote(user)}; echo password="$(cat "${variable}")"'
        return Needs(
            owner=owner(connection),
            env={**env, variable: file, f"{prefix}HELPER": f'!f() {{ test "$1" != get || {{ {said}; }}; }}; f'},
            mounts=(Mount(path=folder, source=SecretFiles(files={"password": password})),),
        )

    def check_checkout(self, connection: Connection, checkout: Checkout) -> list[FieldProblem]:
        """A repository of its own host, so that no other one is given the password."""
        if checkout.url is None:
            return []
        problems = check_url(checkout.url, "git.url", SCHEMES, scp=True)
        if not problems and _host_of(checkout.url) != _host_of(text(connection, "url")):
            said = "the `url` is on another host than that of the connection, whose password is for that one only"
            problems.append(FieldProblem(field="git.url", message=said, fix="name a connection of that host"))
        return problems

    def checkout(self, connection: Connection, checkout: Checkout, name: str) -> InitStep:
        """See `SupportsCheckout`."""
        url, prefix = checkout.url or text(connection, "url"), prefix_of(connection)
        env = {
            "CHECKOUT_URL": url,
            "CHECKOUT_HOST": _host_of(url),
            "CHECKOUT_REVISION": checkout.revision or "HEAD",
            "CHECKOUT_PATH": checkout.path,
        }
        script = CHECKOUT
        if "password" in connection.secrets:
            script = f'CHECKOUT_HELPER="${prefix}HELPER"\n{CHECKOUT}'
        return InitStep(name=name, command=("sh", "-c", script, name, *checkout.flags), env=env)

    async def probe(self, connection: Connection, secrets: Mapping[str, Secret]) -> str:
        """Whether the host takes connections."""
        return await answers(*host_and_port(text(connection, "url")))


def _host_of(url: str) -> str:
    """The scheme, host and port of a URL, as git compares them with those of a credential."""
    if "://" not in url:
        host, port = host_and_port(url)
        return f"ssh://{host}:{port}"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
