"""The monolith answers once more, and nothing of that stays."""

import json
import threading

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.db import OperationalError, connection, connections, transaction
from django.test import Client
from rest_framework.authtoken.models import Token

from academy.catalog.models import Topic
from strangler_protos.identity import Caller
from strangler_router.types import Call, Reply
from strangler_shadow import replay
from strangler_shadow.inert import staying_read_only
from strangler_shadow.replay import ReplayError, replay_candidate, replay_control
from tests.shadow import urls_replay
from tests.shadow.urls_replay import committed

WRITERS = ["saves", "savesinablock", "deletes", "writessql", "startsasession"]


def call(name, **fields):
    route = f"{name}/"
    return Call(endpoint=f"{name}.get", route=route, method="GET", path=f"/{route}", host="testserver", **fields)


def body(observation):
    return json.loads(observation.body)


@pytest.fixture
def project(settings):
    """The views of urls_replay, bound; the service answers with its own words."""
    settings.ROOT_URLCONF = "tests.shadow.urls_replay"
    settings.STRANGLER = {
        "LIFTED": dict.fromkeys(urls_replay.IDS, "SERVICE"),
        "BACKEND": lambda binding, rung: lambda call: Reply(data="by the service"),
        "REFRESH": 0,
    }
    replay._handler.cache_clear()
    cache.clear()
    committed.clear()
    yield
    replay._handler.cache_clear()


def rows():
    with connection.cursor() as cursor:
        cursor.execute("SELECT slug, name FROM catalog_topic ORDER BY slug")
        topics = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM django_session")
        return topics, cursor.fetchone()


def assert_still_writable():
    topic = Topic.objects.create(slug="after", name="after")
    topic.delete()


class Laws:
    """Hold wherever a replay runs; the classes below say where."""

    @pytest.mark.parametrize("name", WRITERS)
    def test_a_view_that_writes_is_reported_and_nothing_is_written(self, project, name):
        before = rows()
        observation = replay_control(call(name))
        assert observation.wrote
        assert observation.status == 500
        assert rows() == before
        assert_still_writable()

    def test_a_view_that_goes_on_after_its_write_failed_is_reported_too(self, project):
        observation = replay_control(call("swallows"))
        assert observation.wrote
        assert_still_writable()

    def test_questions_in_brackets_and_below_comments_are_no_writes(self, project):
        unions, comments = replay_control(call("unions")), replay_control(call("comments"))
        assert (unions.wrote, unions.status, comments.wrote, comments.status) == (False, 200, False, 200)
        assert len(body(unions)) == Topic.objects.count()
        assert body(comments) == Topic.objects.count()

    def test_mail_cache_and_what_waits_for_the_commit_are_dropped(self, project):
        cache.set("visits", 41)
        assert replay_control(call("sendsmail")).status == 200
        assert body(replay_control(call("caches"))) == 0
        assert replay_control(call("commits")).status == 200
        assert (mail.outbox, cache.get("visits"), committed) == ([], 41, [])

    def test_the_caller_is_the_one_that_the_call_names_and_no_quota_is_used_up(self, project, user):
        asked = call("who", caller=Caller(subject=str(user.pk)), query="q=%C3%A9", headers=(("X-Kept", "1"),))
        for _ in range(3):
            observation = replay_control(asked)
            assert (observation.status, body(observation)) == (200, [user.username, user.username, "1", "é"])
        token = Token.objects.get_or_create(user=user)[0]
        client = Client(headers={"Authorization": f"Token {token.key}"})
        assert [client.get("/who/").status_code for _ in range(2)] == [200, 429]
        assert body(replay_control(call("who"))) == ["", "", "", ""]

    def test_the_candidate_is_the_service_through_the_same_view(self, project):
        observation = replay_candidate(call("counts"), "lifted")
        assert (observation.status, body(observation)) == (200, "by the service")
        assert observation.content_type == "application/json"

    def test_unsafe_methods_are_refused(self, project):
        with pytest.raises(ReplayError, match="POST /who/: unsafe methods are never replayed"):
            replay_control(Call(endpoint="who.post", route="who/", method="POST", path="/who/"))

    def test_a_user_that_is_gone_is_refused_without_a_name(self, project):
        with pytest.raises(ReplayError, match=r"^the user is gone$"):
            replay_control(call("who", caller=Caller(subject="987654")))

    def test_a_path_that_is_not_bound_is_an_error(self, project):
        observation = replay_control(Call(endpoint="x", route="nowhere/", method="GET", path="/nowhere/"))
        assert observation.error == "not bound: the call did not reach a bound endpoint"

    def test_a_crash_is_an_answer_like_any_other(self, project):
        assert replay_control(call("raises")).status == 500
        assert_still_writable()

    def test_a_stream_is_read_to_its_end(self, project):
        observation = replay_control(call("streams"))
        assert (observation.body, observation.content_type) == (b"one two", "text/plain")


class TestInATestsTransaction(Laws):
    @pytest.fixture(autouse=True)
    def _database(self, db):
        Topic.objects.create(slug="algebra", name="Algebra")
        Topic.objects.create(slug="zoology", name="Zoology")

    @pytest.fixture
    def user(self):
        return User.objects.create_user("somebody")


class TestOnRealDatabases(Laws):
    @pytest.fixture(autouse=True)
    def _database(self, academy):
        return academy

    @pytest.fixture
    def user(self):
        return User.objects.get(username="visitor")

    def test_a_thread_replays_on_its_own_connection(self, project):
        before = rows()
        found = []

        def work():
            found.extend([replay_control(call("saves")), replay_control(call("counts"))])
            connections.close_all()

        with connection.cursor() as cursor:
            thread = threading.Thread(target=work)
            thread.start()
            cursor.execute("SELECT 1")
            thread.join()
        assert [(item.status, item.wrote) for item in found] == [(500, True), (200, False)]
        assert rows() == before

    def test_replays_and_writers_do_not_wait_for_each_other(self, project):
        observed = []

        def work():
            observed.append(replay_control(call("counts")))
            connections.close_all()

        topic = Topic.objects.create(slug="held", name="held")
        try:
            with transaction.atomic():
                Topic.objects.filter(pk=topic.pk).update(name="open")
                thread = threading.Thread(target=work)
                thread.start()
                thread.join(4)
                assert not thread.is_alive()
        finally:
            topic.delete()
        assert observed[0].status == 200

    def test_a_write_hidden_in_a_question_is_refused_by_the_database(self, project, academy):
        before = rows()
        observation = replay_control(call("writesinacommontable"))
        if academy.vendor == "postgresql":
            assert observation.wrote
        assert observation.status == 500
        assert rows() == before

    def test_a_lock_counts_as_a_write_where_the_database_refuses_it(self, project, academy):
        observation = replay_control(call("locks"))
        expected = (True, 500) if academy.vendor == "postgresql" else (False, 200)
        assert (observation.wrote, observation.status) == expected


class TestStayingReadOnly:
    def test_between_the_calls_of_a_block_nothing_is_written(self, project, academy):
        if academy.vendor != "sqlite":
            pytest.skip("other databases are told with each transaction")
        before = rows()
        with staying_read_only():
            assert replay_control(call("saves")).wrote
            with pytest.raises(OperationalError, match="readonly"):
                Topic.objects.create(slug="between", name="between")
            assert rows() == before
        assert_still_writable()

    def test_a_connection_that_was_made_anew_is_told_anew(self, project, academy):
        if academy.vendor != "sqlite":
            pytest.skip("other databases are told with each transaction")
        with staying_read_only():
            replay_control(call("saves"))
            connection.close()
            assert_still_writable()
            assert replay_control(call("saves")).wrote
            assert pragma("query_only") == 1
        assert pragma("query_only") == 0
        assert_still_writable()

    def test_outside_of_a_block_each_call_stands_for_itself(self, project, academy):
        assert replay_control(call("saves")).wrote
        assert_still_writable()


def pragma(name):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return cursor.fetchone()[0]
