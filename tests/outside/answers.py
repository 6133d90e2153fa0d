"""Answers of ara's API as bytes: status, headers and body."""

import base64
import http.client
import json
from collections.abc import Iterable
from dataclasses import dataclass

from playbooks import KINDS

__all__ = ["FAILING", "PASSWORD", "READERS", "Answer", "Question", "ask_all", "questions"]

READERS = ("reader1", "reader2")
PASSWORD = "outside"
MOST_OBJECTS = 15
# ara's filter offers orders that its model has no column for, and answers 500.
FAILING = "/api/v1/latesthosts?order=changed"


@dataclass(frozen=True, slots=True)
class Question:
    """A GET of one path, by nobody or by a user."""

    path: str
    user: str = ""
    accept: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, but for the Date."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def ask_all(port: int, questions: Iterable[Question]) -> dict[Question, Answer]:
    """The answer to each question."""
    return {question: _ask(port, question) for question in questions}


def questions(port: int) -> list[Question]:
    """Every list and detail route with and without a format suffix, with pages, filters, strangers and mistakes."""
    paths = ["/api/", "/api/v1/", "/api/v1/.json"]
    for kind in KINDS:
        path = f"/api/v1/{kind}"
        paths += [
            path,
            f"{path}.json",
            f"{path}?limit=3&offset=2",
            f"{path}?playbook=2&limit=5",
            f"{path}?limit=0&x=%00",
        ]
        paths += [f"{path}?created_after=nonsense", f"{path}/999999", f"{path}/none.json", f"{path}?format=bogus"]
        listed = json.loads(_ask(port, Question(f"{path}?limit=1000")).body)["results"]
        keys = [row["name"] if kind == "latesthosts" else row["id"] for row in listed][:MOST_OBJECTS]
        paths += [f"{path}/{key}" for key in keys]
        paths += [f"{path}/{keys[0]}.json", f"{path}/{keys[0]}?status=failed"]
    named = [Question(f"/api/v1/{kind}?limit=2", user) for kind, user in zip(KINDS, READERS, strict=False)]
    head = [Question("/api/v1/playbooks?limit=2", accept="application/json; indent=2")]
    return [*map(Question, paths), *named, *head]


def _ask(port: int, question: Question) -> Answer:
    headers = {"Accept": question.accept}
    if question.user:
        token = base64.b64encode(f"{question.user}:{PASSWORD}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", question.path, headers=headers)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    kept = tuple((name, value) for name, value in response.getheaders() if name != "Date")
    return Answer(response.status, kept, body)
