"""Numbers of fields: given in order, kept, never given again; and a file that says so or is refused."""

import pytest

from strangler_extract.lock import (
    KindChanged,
    Lock,
    Locked,
    LockError,
    Tombstone,
    assign,
    lock_path,
    retire,
    retire_missing,
)
from strangler_extract.lock_merge import joined, violations

COURSE = [("id", "int64", "id"), ("title", "string", "title"), ("class", "string", "class_")]
TEXT = """\
{
  "Course": {
    "1": {"key": "id", "kind": "int64", "name": "id"},
    "2": {"key": "title", "kind": "string", "retired": true},
    "3": {"key": "class", "kind": "string", "name": "class_"},
    "next": 4
  },
  "GetCourseRequest": {
    "next": 1
  }
}
"""


def given(*fields, lock=None, message="Course"):
    return assign(lock or Lock(), message, fields)


def read(tmp_path, text):
    path = tmp_path / "catalog.lock.json"
    path.write_text(text)
    return Lock.read(path)


@pytest.fixture
def course():
    return given(*COURSE)[0]


def test_numbers_start_at_one_in_the_order_of_the_keys():
    assert given(*COURSE)[1] == {"id": 1, "title": 2, "class": 3}


def test_a_lock_changes_by_making_another(course):
    given(("id", "int64", "id"), lock=course)
    assert len(course.messages["Course"].fields) == 3


def test_each_message_counts_for_itself(course):
    assert given(("id", "int64", "id"), lock=course, message="Topic")[1] == {"id": 1}


def test_another_order_keeps_the_numbers(course):
    assert given(*reversed(COURSE), lock=course)[1] == {"class": 3, "title": 2, "id": 1}


def test_a_new_key_between_others_gets_the_next_number(course):
    assert given(COURSE[0], ("slug", "string", "slug"), *COURSE[1:], lock=course)[1]["slug"] == 4


def test_a_key_that_is_gone_leaves_a_tombstone(course):
    lock, numbers = given(COURSE[0], COURSE[1], lock=course)
    assert numbers == {"id": 1, "title": 2}
    assert lock.messages["Course"].tombstones == {3: Tombstone("class", "string")}


def test_a_key_that_comes_back_gets_a_new_number(course):
    without, _ = given(COURSE[0], COURSE[1], lock=course)
    lock, numbers = given(*COURSE, lock=without)
    assert numbers == {"id": 1, "title": 2, "class": 4}
    assert lock.messages["Course"].tombstones == {3: Tombstone("class", "string")}


def test_another_name_in_the_contract_keeps_the_number_of_its_key(course):
    lock, numbers = given(*COURSE[:2], ("class", "string", "klass"), lock=course)
    assert numbers["class"] == 3
    assert lock.messages["Course"].fields["class"] == Locked(3, "string", "klass")


def test_another_key_is_another_field(course):
    lock, numbers = given(*COURSE[:2], ("klass", "string", "class_"), lock=course)
    assert numbers["klass"] == 4
    assert 3 in lock.messages["Course"].tombstones


def test_another_kind_is_refused_with_the_choices(course):
    with pytest.raises(KindChanged) as refused:
        given(("id", "string", "id"), lock=course)
    words = str(refused.value)
    assert "Course.id is locked as `int64` and would become `string`" in words
    for choice in ("keep `int64`", "let overflow carry", "new key", "`strangler contract retire Course id`"):
        assert choice in words
    assert (refused.value.key, refused.value.before, refused.value.after) == ("id", "int64", "string")


def test_a_retired_field_may_come_back_as_another_kind(course):
    lock, numbers = given(("id", "string", "id"), *COURSE[1:], lock=retire(course, "Course", "id"))
    assert numbers["id"] == 4
    assert lock.messages["Course"].tombstones == {1: Tombstone("id", "int64")}


@pytest.mark.parametrize(
    ("message", "key", "words"),
    [("Course", "slug", "has no field with the key 'slug'"), ("Topic", "id", "has no message Topic; it has Course")],
)
def test_what_is_not_there_is_not_retired(course, message, key, words):
    with pytest.raises(LockError, match=words):
        retire(course, message, key)


def test_a_message_that_left_the_contract_keeps_its_numbers_as_tombstones(course):
    lock = retire_missing(course, ["Topic"])
    assert lock.messages["Course"].fields == {}
    assert given(COURSE[1], lock=lock)[1] == {"title": 4}
    assert retire_missing(course, ["Course"]) == course


def test_a_message_has_999_numbers():
    fields = [(f"key{number}", "string", f"key{number}") for number in range(999)]
    lock, numbers = given(*fields)
    assert max(numbers.values()) == 999
    with pytest.raises(LockError, match="up to 999"):
        given(*fields, ("one_more", "string", "one_more"), lock=lock)


def test_a_key_that_is_named_twice_is_refused():
    with pytest.raises(LockError, match=r"twice.*: id$"):
        given(("id", "int64", "id"), ("id", "int64", "id_"))


def test_the_lock_lies_beside_its_contract(tmp_path):
    assert lock_path(tmp_path / "catalog.proto") == tmp_path / "catalog.lock.json"


def test_the_file_has_one_line_a_number(course, tmp_path):
    lock, _ = given(COURSE[0], COURSE[2], lock=course)
    lock, _ = assign(lock, "GetCourseRequest", [])
    lock.write(tmp_path / "catalog.lock.json")
    assert (tmp_path / "catalog.lock.json").read_text() == TEXT
    assert Lock.read(tmp_path / "catalog.lock.json") == lock


def test_a_file_that_a_formatter_has_spread_is_the_same_lock(tmp_path):
    assert read(tmp_path, TEXT.replace("{", "{\n").replace(",", ",\n")).to_text() == TEXT


@pytest.mark.parametrize("key", ["next", "", "te xt's", 'a"b', "\u2028", "Größe", "{", "\\"])
def test_any_key_comes_back_from_the_file(key, tmp_path):
    lock, _ = given((key, "string", "some"))
    assert read(tmp_path, lock.to_text()) == lock


def test_no_contract_has_an_empty_lock(tmp_path):
    assert Lock.read(tmp_path / "catalog.lock.json") == Lock()
    assert read(tmp_path, Lock().to_text()) == Lock()


def test_a_lock_that_is_lost_is_not_begun_again(tmp_path):
    (tmp_path / "catalog.proto").write_text("")
    with pytest.raises(LockError, match=r"catalog.lock.json:1: is missing.*bring it back from git"):
        Lock.read(tmp_path / "catalog.lock.json")


ID, TITLE, CLASS = TEXT.splitlines(keepends=True)[2:5]
BROKEN = {
    "conflict markers": (TEXT.replace(CLASS, "<<<<<<< ours\n" + CLASS), 5, "conflict is not resolved"),
    "a comma too few": (TEXT.replace('"id"},', '"id"}'), 4, "is not JSON"),
    "a number twice": (TEXT.replace('"3"', '"1"'), 5, "gives the number 1 twice"),
    "a number that is a tombstone": (TEXT.replace('"3"', '"2"'), 5, "gives the number 2 twice"),
    "a key twice": (TEXT.replace('"key": "class"', '"key": "id"'), 5, "has the key 'id' twice"),
    "a message twice": (TEXT.replace("GetCourseRequest", "Course"), 8, "Course is there twice"),
    "the next number too low": (TEXT.replace('"next": 4', '"next": 3'), 6, "up to 3, and its next is 3"),
    "the next number twice": (TEXT.replace('"next": 4', '"next": 4, "next": 4'), 6, "next number once"),
    "no next number": (TEXT.replace('"next": 1', ""), 8, "next number once"),
    "a last number cut off": (TEXT.replace(CLASS, ""), 5, "up to 2, and its next is 4"),
    "a number of the framework": (TEXT.replace('"3"', '"1000"'), 5, "no number from 1 to 999"),
    "a number of protobuf's": (TEXT.replace('"3"', '"19000"'), 5, "no number from 1 to 999"),
    "no number": (TEXT.replace('"3"', '"three"'), 5, "no number from 1 to 999"),
    "no kind": (TEXT.replace('"kind": "int64", ', ""), 3, "must say key, kind and name"),
    "a kind that is no text": (TEXT.replace('"int64"', "64"), 3, "must say key, kind and name"),
    "retired: false": (TEXT.replace("true", "false"), 4, "must say key, kind and name"),
    "an entry that is none": (TEXT.replace(ID, '    "1": 1,\n'), 3, "must say key, kind and name"),
    "a message that is none": ('{\n"Course": 1}', 2, "Course must be an object"),
    "no object": ("[]", 1, "must be an object of messages"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_lock_is_refused_with_file_line_and_what_to_do(name, tmp_path):
    text, line, words = BROKEN[name]
    assert text != TEXT
    with pytest.raises(LockError) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path}/catalog.lock.json:{line}: ")
    assert words in str(refused.value)
    assert "`strangler contract relock`" in str(refused.value)


def test_of_two_branches_that_gave_one_number_only_the_other_is_renumbered(course):
    kept, _ = given(*COURSE, ("price", "string", "price"), lock=course)
    other, _ = given(*COURSE, ("level", "string", "level"), ("rating", "double", "rating"), lock=course)
    fields = joined(course, kept, other).messages["Course"].fields
    assert {key: locked.number for key, locked in fields.items()} == {
        "id": 1, "title": 2, "class": 3, "price": 4, "rating": 5, "level": 6,
    }  # fmt: skip


def test_what_one_branch_retired_is_retired_after_the_join(course):
    kept, _ = given(*COURSE, ("price", "string", "price"), lock=course)
    other, _ = given(*COURSE[:2], lock=course)
    for lock in (joined(course, kept, other), joined(course, other, kept)):
        assert lock.messages["Course"].tombstones == {3: Tombstone("class", "string")}
        assert set(lock.messages["Course"].fields) == {"id", "title", "price"}


def test_a_kind_that_one_branch_changed_stays_changed_after_the_join(course):
    kept, _ = given(*COURSE, ("price", "string", "price"), lock=course)
    other, _ = given(("id", "string", "id"), *COURSE[1:], lock=retire(course, "Course", "id"))
    message = joined(course, kept, other).messages["Course"]
    assert message.tombstones == {1: Tombstone("id", "int64")}
    assert message.fields["id"] == Locked(5, "string", "id")


def test_a_key_that_both_branches_added_has_the_number_of_the_one_that_is_kept(course):
    kept, _ = given(*COURSE, ("price", "string", "price"), lock=course)
    other, _ = given(*COURSE, ("level", "string", "level"), ("price", "string", "cost"), lock=course)
    message = joined(course, kept, other).messages["Course"]
    assert message.fields["price"] == Locked(4, "string", "price")
    assert message.fields["level"].number == 6
    assert message.tombstones == {5: Tombstone("price", "string")}


def test_a_number_that_is_kept_does_not_mean_what_the_other_branch_gave_up(course):
    kept, _ = given(*COURSE, ("price", "string", "price"), lock=course)
    other, _ = given(*COURSE, lock=given(*COURSE, ("level", "string", "level"), lock=course)[0])
    assert joined(course, kept, other) == kept
    assert joined(course, other, kept).messages["Course"].fields["price"].number == 5


def test_messages_that_one_branch_added_are_joined(course):
    topic, _ = given(("slug", "string", "slug"), lock=course, message="Topic")
    lesson, _ = given(("id", "int64", "id"), lock=course, message="Lesson")
    assert set(joined(course, topic, lesson).messages) == {"Course", "Topic", "Lesson"}


def test_a_branch_that_changed_what_a_number_stands_for_is_not_joined(course):
    other, _ = given(("id", "string", "id"))
    with pytest.raises(LockError, match=r"number 1 was `id` \(int64\) and is `id` \(string\)"):
        joined(course, course, other)


def test_a_join_may_run_out_of_numbers(course):
    kept, _ = given(*COURSE, *[(f"a{number}", "string", "a") for number in range(600)], lock=course)
    other, _ = given(*COURSE, *[(f"b{number}", "string", "b") for number in range(600)], lock=course)
    with pytest.raises(LockError, match="up to 999"):
        joined(course, kept, other)


def test_a_lock_that_forgot_or_reused_numbers_is_found(course):
    without, _ = given(*COURSE[:2], lock=course)
    assert list(violations(course, without)) == []
    assert next(violations(course, Lock())) == "Course: number 1 was `id` (int64) and is gone from the lock"
    assert list(violations(without, course)) == ["Course: number 3, `class` (string), was retired and is in use again"]
