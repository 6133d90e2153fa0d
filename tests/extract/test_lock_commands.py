"""`strangler contract lock`, `retire` and `relock`, the last one with branches that git merged."""

import shutil

import pytest

from strangler_django.verb import UsageError
from strangler_extract.lock import Lock, LockError, Tombstone, lock_path
from tests.extract.small_contract import (
    COLOUR,
    COLOUR_AND_FLAVOUR,
    CONTRACT,
    FLAVOUR,
    NAME,
    RATING,
    changed,
    commit,
    failed,
    git,
    repository,
    run,
    with_field,
    written,
)


def locked(folder, source):
    """The folder with a contract and its lock."""
    run("lock", root=written(folder, source))
    return folder


def lock_of(folder):
    return Lock.read(lock_path(folder / NAME))


def test_a_contract_that_is_written_by_hand_gives_its_lock(tmp_path):
    root = written(tmp_path, changed(RATING, "  reserved 30 to 31, 2000;\n"))
    assert run("lock", root=root) == f"{lock_path(root / NAME)}\n"
    messages = lock_of(root).messages
    kinds = {key: field.kind for key, field in messages["Book"].fields.items()}
    assert kinds == {
        "id": "int64",
        "title": "string",
        "extra": "json",
        "author": "message Author",
        "stock": "entries StockEntry",
    }
    assert messages["ListBooksResponse"].fields["items"].kind == "repeated message Book"
    assert messages["Book"].tombstones == {30: Tombstone("", "reserved"), 31: Tombstone("", "reserved")}
    assert messages["Book"].next == 32
    assert run("lock", root=root) == ""
    assert run("lock", "--check", root=root) == ""


def test_files_that_bind_no_endpoint_have_no_lock(tmp_path):
    root = written(tmp_path, CONTRACT)
    (root / "other.proto").write_text('syntax = "proto3";\npackage other;\nmessage Other {}\n')
    run("lock", root=root)
    assert [path.name for path in root.rglob("*.lock.json")] == ["catalog.lock.json"]
    assert run("lock", "--check", root=root) == ""


def test_a_lock_grows_with_its_contract(tmp_path):
    locked(locked(tmp_path, CONTRACT), changed(RATING, "  reserved 3;\n", FLAVOUR))
    book = lock_of(tmp_path).messages["Book"]
    assert book.tombstones == {3: Tombstone("rating", "double")}
    assert book.fields["flavour"].number == 7
    assert run("lock", "--check", root=tmp_path) == ""


REFUSED = {
    "another kind": ("double rating", "string rating", "Book.rating is locked as `double`"),
    "another number": ("double rating = 3", "double rating = 7", "Book.rating = 7 in the contract and 3 in the lock"),
    "a number that another had": (
        RATING,
        '  optional double stars = 3 [json_name = "stars"];\n',
        "Book.stars = 3 in the contract, and that number was given to 'rating' (double); the next one is 7",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_lock_takes_no_number_that_means_something_else(name, tmp_path):
    before = lock_path(locked(tmp_path, CONTRACT) / NAME).read_text()
    given, instead, words = REFUSED[name]
    assert words in failed("lock", root=written(tmp_path, changed(given, instead)))[1]
    assert lock_path(tmp_path / NAME).read_text() == before


DISAGREEING = {
    "a number": (
        changed("double rating = 3", "double rating = 9"),
        "Book.rating is `double rating = 9` in the contract and `double rating = 3` in the lock",
    ),
    "a kind": (changed("double rating", "string rating"), "Book.rating is `string rating = 3` in the contract"),
    "a name": (changed("double rating", "double stars"), "Book.rating is `double stars = 3` in the contract"),
    "a field more": (FLAVOUR, "Book.flavour = 7 is not in the lock"),
    "a field less": (changed(RATING, ""), "Book has no field 'rating', and the lock gives it 3"),
    "a number reserved": (with_field("reserved 50;"), "Book reserves 50, and the lock does not know it"),
    "a message more": (CONTRACT + "\nmessage Unused {}\n", "the lock has no message Unused"),
    "a message less": (
        changed("Author", "Writer"),
        "the contract has no message Author, and the lock has fields of it",
    ),
}


@pytest.mark.parametrize("name", DISAGREEING)
def test_a_contract_that_says_something_else_than_its_lock_fails(name, tmp_path):
    source, words = DISAGREEING[name]
    why = failed("lock", "--check", root=written(locked(tmp_path, CONTRACT), source))[1]
    assert words in why
    assert why.startswith(f"{tmp_path / NAME}:")
    assert "`strangler contract lock`" in why


def test_a_disagreement_stands_at_its_line(tmp_path):
    line = FLAVOUR.splitlines().index('  optional string flavour = 7 [json_name = "flavour"];') + 1
    why = failed("lock", "--check", root=written(locked(tmp_path, CONTRACT), FLAVOUR))[1]
    assert f"catalog.proto:{line}:3: " in why


def test_a_tombstone_must_be_reserved(tmp_path):
    locked(locked(tmp_path, CONTRACT), changed(RATING, ""))
    assert "Book must reserve 3, which was 'rating' (double)" in failed("lock", "--check", root=tmp_path)[1]


def test_a_contract_without_a_lock_fails_the_check(tmp_path):
    assert "is missing" in failed("lock", "--check", root=written(tmp_path, CONTRACT))[1]


@pytest.mark.parametrize("message", ["Book", "shop.catalog.v1.Book"])
def test_a_field_that_is_retired_may_change_its_kind(message, tmp_path):
    assert "Book.rating is retired" in run("retire", message, "rating", root=locked(tmp_path, CONTRACT))
    locked(tmp_path, changed(RATING, '  reserved 3;\n  optional string rating = 7 [json_name = "rating"];\n'))
    assert run("lock", "--check", root=tmp_path) == ""


def test_only_a_field_of_one_lock_is_retired(tmp_path):
    locked(tmp_path, CONTRACT)
    assert "no field with the key 'stars'" in failed("retire", "Book", "stars", root=tmp_path)[1]
    with pytest.raises(UsageError, match="'Tag' must be a message of one lock, and it is in: none below"):
        run("retire", "Tag", "name", root=tmp_path)
    shutil.copytree(tmp_path / "shop", tmp_path / "other")
    with pytest.raises(UsageError, match=r"other/catalog/v1/catalog.lock.json, .*shop/"):
        run("retire", "Book", "rating", root=tmp_path)
    assert "is retired" in run("retire", "other.catalog.v1.Book", "rating", root=tmp_path)


@pytest.fixture
def parted(tmp_path):
    """A branch that added Book.flavour, and main, which is checked out and where Book.colour was added since."""
    clone = repository(tmp_path)
    git(clone, "switch", "--quiet", "-c", "flavours")
    locked(clone / "protos", FLAVOUR)
    commit(clone, "Flavours")
    git(clone, "switch", "--quiet", "main")
    locked(clone / "protos", COLOUR)
    commit(clone, "Colours")
    return clone


@pytest.fixture
def merging(parted):
    """A merge of the branch into main."""
    assert git(parted, "merge", "flavours", check=False).returncode == 1
    return parted


def test_branches_that_add_to_one_message_conflict_in_its_lock(merging):
    unmerged = git(merging, "diff", "--name-only", "--diff-filter=U").stdout.split()
    assert unmerged == ["protos/shop/catalog/v1/catalog.lock.json", "protos/shop/catalog/v1/catalog.proto"]
    with pytest.raises(LockError, match=r"conflict is not resolved.*strangler contract relock"):
        lock_of(merging / "protos")


@pytest.mark.parametrize(
    ("keep", "numbers", "told"),
    [
        ("ours", {"colour": 7, "flavour": 8}, "  Book.flavour: 7 -> 8\n"),
        ("theirs", {"flavour": 7, "colour": 8}, "  Book.colour: 7 -> 8\n"),
    ],
)
def test_relock_renumbers_the_new_fields_of_the_other_side(keep, numbers, told, merging):
    assert told in run("relock", "--keep", keep, root=merging / "protos")
    fields = lock_of(merging / "protos").messages["Book"].fields
    assert {key: fields[key].number for key in numbers} == numbers
    kept = {"id": 1, "title": 2, "rating": 3, "extra": 4, "author": 5, "stock": 6}
    assert {key: fields[key].number for key in kept} == kept


def test_the_merge_ends_with_contract_and_lock_that_agree(merging):
    run("relock", "--keep", "ours", root=merging / "protos")
    written(merging / "protos", COLOUR_AND_FLAVOUR)
    assert run("lock", "--check", root=merging / "protos") == ""
    commit(merging, "Merge the flavours")
    out = run("diff", "--against", "HEAD^1", root=merging / "protos")
    assert out == "        shop.catalog.v1.Book: flavour added as 8, string\n"
    assert "flavour renumbered 7 -> 8" in failed("diff", "--against", "HEAD^2", root=merging / "protos")[0]


def test_a_conflict_that_was_resolved_wrongly_can_be_brought_back(merging):
    path = lock_path(merging / "protos" / NAME)
    text = [
        line for line in path.read_text().splitlines(keepends=True) if line[:7] not in ("<<<<<<<", "=======", ">>>>>>>")
    ]
    path.write_text("".join(text))
    git(merging, "add", ".")
    with pytest.raises(LockError, match=r"number 7 twice.*git checkout --merge -- FILE"):
        lock_of(merging / "protos")
    with pytest.raises(UsageError, match="git checkout --merge -- FILE"):
        run("relock", "--keep", "ours", root=merging / "protos")
    git(merging, "checkout", "--merge", "--", str(path))
    run("relock", "--keep", "ours", root=merging / "protos")
    assert lock_of(merging / "protos").messages["Book"].fields["flavour"].number == 8


def test_a_rebase_keeps_what_it_is_put_on(parted):
    git(parted, "switch", "--quiet", "flavours")
    assert git(parted, "rebase", "main", check=False).returncode == 1
    assert "Book.flavour: 7 -> 8" in run("relock", "--keep", "ours", root=parted / "protos")


def test_branches_that_change_different_messages_merge_by_themselves(tmp_path):
    clone = repository(tmp_path)
    git(clone, "switch", "--quiet", "-c", "emails")
    name = '  optional string name = 1 [json_name = "name"];\n'
    locked(clone / "protos", changed(name, f'{name}  optional string email = 2 [json_name = "email"];\n'))
    commit(clone, "Emails")
    git(clone, "switch", "--quiet", "main")
    locked(clone / "protos", COLOUR)
    commit(clone, "Colours")
    git(clone, "merge", "--quiet", "emails")
    assert run("lock", "--check", root=clone / "protos") == ""


def test_relock_needs_to_know_which_side_stays(merging):
    with pytest.raises(UsageError, match="--keep"):
        run("relock", root=merging / "protos")


def test_both_sides_may_bring_the_same_new_contract(tmp_path):
    clone = repository(tmp_path)
    for branch, source in (("flavours", FLAVOUR), ("colours", COLOUR)):
        git(clone, "switch", "--quiet", "-c", branch, "main")
        locked(clone / "protos" / "more", source.replace("shop.catalog", "more.shop.catalog"))
        commit(clone, branch)
    assert git(clone, "merge", "flavours", check=False).returncode == 1
    run("relock", "--keep", "ours", root=clone / "protos")
    fields = lock_of(clone / "protos" / "more").messages["Book"].fields
    assert (fields["colour"].number, fields["flavour"].number) == (7, 8)
