"""What the stand-in of the W&B service answers, and what it keeps.

It knows what the real SDK asks for when it tracks a run, saves artifacts or publishes a report.
Lines of the history and the events come with their offset, as to the real service: what is sent
again after a failure is not there twice.
"""

import json
from collections import deque
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any
from urllib.parse import unquote

ENTITY = "me"
KEY = "k" * 40
HISTORY, EVENTS, SUMMARY = "wandb-history.jsonl", "wandb-events.jsonl", "wandb-summary.json"
DROP = 0
"""Among the troubles: the connection is closed without an answer."""


@dataclass
class ArrivedRun:
    """One W&B run, as it has arrived."""

    id: str
    project: str
    name: str = ""
    group: str = ""
    job_type: str = ""
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    streams: dict[str, dict[int, dict]] = field(default_factory=dict)
    """File -> offset -> line."""
    files: dict[str, bytes] = field(default_factory=dict)
    exit_code: int | None = None

    @property
    def history(self) -> list[dict[str, Any]]:
        lines = self.streams.get(HISTORY, {})
        return [lines[offset] for offset in sorted(lines)]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The system metrics."""
        return list(self.streams.get(EVENTS, {}).values())

    @property
    def summary(self) -> dict[str, Any]:
        return self.streams.get(SUMMARY, {}).get(0, {})

    def take(self, sent: dict[str, Any]) -> None:
        for name, part in sent.get("files", {}).items():
            stream = self.streams.setdefault(name, {})
            stream |= {
                part["offset"] + n: json.loads(line) for n, line in enumerate(part["content"])
            }
        if "exitcode" in sent:
            self.exit_code = sent["exitcode"]


@dataclass
class ArrivedArtifact:
    """One artifact; its files are in the manifest."""

    name: str
    type: str
    state: str = "PENDING"
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Service:
    """What has arrived, and what shall go wrong.

    Attributes:
        query_troubles: the next answers to queries: HTTP status, or ``DROP``.
        stream_troubles: likewise, to lines of histories.
        away: while it is, nothing is answered at all.
        troubled: whether anything went wrong yet.
        rows: whether any row of a history has arrived yet.
        mistakes: what it could not answer, for want of knowing the question.
    """

    url: str = ""
    runs: dict[str, ArrivedRun] = field(default_factory=dict)
    artifacts: dict[str, ArrivedArtifact] = field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    projects: list[str] = field(default_factory=list)
    query_troubles: deque[int] = field(default_factory=deque)
    stream_troubles: deque[int] = field(default_factory=deque)
    away: bool = False
    troubled: Event = field(default_factory=Event)
    rows: Event = field(default_factory=Event)
    mistakes: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def trouble(self, query: bool) -> int | None:
        """What goes wrong with the present request."""
        troubles = self.query_troubles if query else self.stream_troubles
        with self.lock:
            if not self.away and not troubles:
                return None
            self.troubled.set()
            return DROP if self.away else troubles.popleft()

    def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """The data of a GraphQL response."""
        with self.lock:
            found = getattr(self, f"_{operation}", None)
            assert found is not None, f"the stand-in does not know {operation}({given})"
            return found(given)

    def stream(self, run: str, sent: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.runs[run].take(sent)
            if self.runs[run].history:
                self.rows.set()
        return {}

    def upload(self, path: str, content: bytes) -> None:
        kind, owner, name = (unquote(part) for part in path.strip("/").split("/", 2))
        with self.lock:
            {"run": self.runs, "artifact": self.artifacts}[kind][owner].files[name] = content

    def _Viewer(self, given: dict) -> dict:
        return {"viewer": {**VIEWER, "flags": "{}", "teams": {"edges": []}}}

    def _ServerFeaturesQuery(self, given: dict) -> dict:
        return {"serverInfo": {"features": []}}

    def _OrganizationCoreWeaveOrganizationID(self, given: dict) -> dict:
        return {"entity": {"organization": {"coreWeaveOrganizationId": None}}}

    def _RunResumeStatus(self, given: dict) -> dict:
        known = self.runs.get(given["name"])
        bucket = known and {
            "id": known.id,
            "name": known.id,
            "displayName": known.name,
            "summaryMetrics": json.dumps(known.summary),
            "logLineCount": 0,
            "historyLineCount": len(known.history),
            "eventsLineCount": len(known.events),
            "historyTail": json.dumps([json.dumps(row) for row in known.history[-1:]]),
            "eventsTail": json.dumps([json.dumps(row) for row in known.events[-1:]]),
            "config": json.dumps({key: {"value": part} for key, part in known.config.items()}),
            "tags": known.tags,
            "notes": None,
            "wandbConfig": json.dumps({"t": 1}),
        }
        return {"model": {"id": "p", "name": given["project"], "entity": OWNER, "bucket": bucket}}

    def _UpsertBucket(self, given: dict) -> dict:
        new = given["name"] not in self.runs
        run = self.runs.setdefault(given["name"], ArrivedRun(given["name"], given["project"]))
        run.name = given["displayName"] or run.name
        run.group = given["groupName"] or run.group
        run.job_type = given["jobType"] or run.job_type
        run.tags = given["tags"] or run.tags
        run.config |= {key: item["value"] for key, item in json.loads(given["config"]).items()}
        bucket = {
            "id": run.id,
            "name": run.id,
            "displayName": run.name,
            "description": "",
            "config": given["config"],
            "sweepName": None,
            "historyLineCount": len(run.history),
            "project": {"id": "p", "name": run.project, "entity": OWNER},
        }
        return {"upsertBucket": {"bucket": bucket, "inserted": new}}

    def _CreateRunFiles(self, given: dict) -> dict:
        files = [self._place(f"run/{given['run']}", name) for name in given["files"]]
        made = {"runID": given["run"], "uploadHeaders": [], "files": files}
        return {"createRunFiles": made}

    def _ArtifactType(self, given: dict) -> dict:
        known = self.artifacts.get(given["name"].partition(":")[0])
        return {"project": {"artifact": known and {"artifactType": {"name": known.type}}}}

    def _CreateArtifact(self, given: dict) -> dict:
        given = given["input"]
        name = given["artifactCollectionName"]
        self.artifacts[name] = ArrivedArtifact(name, given["artifactTypeName"])
        made = {"id": name, "state": "PENDING", "artifactSequence": {"latestArtifact": None}}
        return {"createArtifact": {"artifact": made}}

    def _CreateArtifactManifest(self, given: dict) -> dict:
        place = self._place(f"artifact/{given['artifactID']}", given["name"])
        made = {"id": given["artifactID"], "file": {"id": "f", **place, "uploadHeaders": []}}
        return {"createArtifactManifest": {"artifactManifest": made}}

    def _CreateArtifactFiles(self, given: dict) -> dict:
        nodes = [
            {
                "id": file["name"],
                **self._place(f"artifact/{file['artifactID']}", file["name"]),
                "displayName": file["name"],
                "storagePath": None,
                "uploadHeaders": [],
                "uploadMultipartUrls": None,
                "artifact": {"id": file["artifactID"]},
            }
            for file in given["input"]["artifactFiles"]
        ]
        return {"createArtifactFiles": {"files": {"edges": [{"node": node} for node in nodes]}}}

    def _CommitArtifact(self, given: dict) -> dict:
        known = self.artifacts[given["artifactID"]]
        known.state = "COMMITTED"
        return {"commitArtifact": {"artifact": {"id": known.name, "digest": ""}}}

    def _GetDefaultEntity(self, given: dict) -> dict:
        return self._Viewer(given)

    def _GetProjects(self, given: dict) -> dict:
        known = [{"node": project(name)} for name in self.projects]
        page = {"__typename": "PageInfo", "endCursor": None, "hasNextPage": False}
        return {"models": {"edges": known, "pageInfo": page}}

    def _CreateProject(self, given: dict) -> dict:
        self.projects.append(given["input"]["name"])
        made = {**project(self.projects[-1]), "description": "", "access": "", "views": "{}"}
        return {"result": {"project": made, "model": made, "inserted": True}}

    def _ProjectInternalId(self, given: dict) -> dict:
        return {"project": {"id": "p", "internalId": "UHJvamVjdEludGVybmFsSWQ6MQ=="}}

    def _upsertView(self, given: dict) -> dict:
        key = given["id"] or f"view{len(self.reports) + 1}"
        inserted = key not in self.reports
        self.reports[key] = {**given, "spec": json.loads(given["spec"])}
        owner = {"id": "p", "name": given["projectName"], "entityName": given["entityName"]}
        names = ("type", "name", "displayName", "description", "spec")
        view = {"id": key, **{name: given.get(name) for name in names}, "project": owner}
        return {
            "upsertView": {
                "view": {**view, "updatedAt": "2026-01-31T12:00:00"},
                "inserted": inserted,
            }
        }

    def _place(self, owner: str, name: str) -> dict[str, str]:
        return {"name": name, "uploadUrl": f"{self.url}/upload/{owner}/{name}"}


VIEWER = {"id": "u", "entity": ENTITY, "username": ENTITY, "email": "me@example.org"}
OWNER = {"id": "e", "name": ENTITY}


def project(name: str) -> dict[str, Any]:
    """A project, as queries tell it."""
    facts = {"createdAt": "", "isBenchmark": False, "user": None, "__typename": "Project"}
    return {"id": "p", "name": name, "entityName": ENTITY, **facts}
