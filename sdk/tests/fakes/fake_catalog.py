"""What the fake platform answers about everything beside runs."""

from __future__ import annotations

import json

from fake_platform import Refusal, Seen


class Catalog:
    """Answers from `self.platform`; sending is the handler's."""

    def registry(self, seen: Seen, noun: str) -> None:
        if seen.method == "GET":
            held = [one for (kind, _, _), one in self.platform.registered.items() if kind == noun]
            return self._json({"items": held, "next": None})
        request = json.loads(seen.body)
        made = {"project": "default", "digest": "sha256:" + "0" * 64, **request}
        self.platform.registered[noun, request["name"], request["version"]] = made
        return self._json(made, 201)

    def newest(self, seen: Seen, noun: str, name: str) -> None:
        self.version_(seen, noun, name, max(v for kind, n, v in self.platform.registered if (kind, n) == (noun, name)))

    def versions(self, seen: Seen, noun: str, name: str) -> None:
        held = [one for (kind, n, _), one in self.platform.registered.items() if (kind, n) == (noun, name)]
        self._json({"items": held, "next": None})

    def version_(self, seen: Seen, noun: str, name: str, version: str) -> None:
        if seen.method == "DELETE":
            del self.platform.registered[noun, name, version]
            return self._send(204, b"")
        found = self.platform.registered[noun, name, version]
        if seen.method == "PATCH":
            found.update(json.loads(seen.body))
        return self._json(found)

    def projects(self, seen: Seen) -> None:
        if seen.method == "POST":
            name = json.loads(seen.body)["name"]
            if name in self.platform.projects:
                raise Refusal(409, "project_exists", f"there is a project {name!r}", fix="use it, or take another name")
            self.platform.projects.append(name)
            return self._json({"name": name}, 201)
        self._json({"items": [{"name": name} for name in self.platform.projects], "next": None})
        return None

    def whoami(self, seen: Seen) -> None:
        self._json({"name": "user:ada", "role": "member", "roles": {"vision": "admin"}, "scopes": ["read", "write"]})

    def queues(self, seen: Seen) -> None:
        self._json({"items": list(self.platform.queues.values()), "next": None})

    def queue(self, seen: Seen, name: str) -> None:
        if name == "forbidden" and seen.method != "GET":
            raise Refusal(403, "not_allowed", "only an admin may change queues", fix="ask one")
        if name not in self.platform.queues and seen.method != "PUT":
            raise Refusal(404, "not_found", f"no queue {name!r}", fix="create it")
        if seen.method == "DELETE":
            del self.platform.queues[name]
            return self._send(204, b"")
        if seen.method != "GET":
            known = self.platform.queues.get(name, {}) if seen.method == "PATCH" else {}
            self.platform.queues[name] = {**known, **json.loads(seen.body), "name": name}
        return self._json(self.platform.queues[name])

    def rules(self, seen: Seen, project: str) -> None:
        found = [rule for (of, _), rule in self.platform.rules.items() if of == project]
        self._json({"items": found, "next": None})

    def rule(self, seen: Seen, project: str, name: str) -> None:
        if seen.method == "PUT":
            more = {"project": project, "name": name, "owner": "user:ada", "created_at": "then", "updated_at": "now"}
            self.platform.rules[project, name] = {**json.loads(seen.body), **more}
        elif (project, name) not in self.platform.rules:
            raise Refusal(404, "not_found", f"no rule '{name}'", fix="see yard notify ls")
        elif seen.method == "DELETE":
            del self.platform.rules[project, name]
            return self._send(204, b"")
        return self._json(self.platform.rules[project, name])

    def tried(self, seen: Seen, name: str) -> None:
        is_down = name == "down"
        self._json({"ok": not is_down, "message": "the receiver answers 503" if is_down else ""})

    def agents(self, seen: Seen) -> None:
        agent = {"name": "local", "scheduler": "process", "queues": ["default"], "alive": True, "seen_at": "now"}
        self._json({"items": [{**agent, "cpu": 4.0, "free_cpu": 2.0}], "next": None})

    def plugins(self, seen: Seen) -> None:
        plugin = {"name": "scheduler-process", "version": "0.1.0", "offers": ["scheduler process"]}
        self._json({"items": [plugin], "next": None})

    def version(self, seen: Seen) -> None:
        self._json({"version": "0.1.0", "api": self.platform.api, "missing": []})
