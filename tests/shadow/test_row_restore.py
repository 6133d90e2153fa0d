"""A PostgreSQL copy gets its first rows and sequences again without being made again."""

import pytest
from django.contrib.auth.models import Group

from academy.catalog.models import Course
from academy.learning.models import Review
from strangler_shadow.row_restore import read_sequences, restore
from strangler_shadow.rows import RowReader
from strangler_shadow.twins import connected, twins

pytestmark = [
    pytest.mark.usefixtures("academy"),
    pytest.mark.parametrize("seeded_academy", ["postgres_socket"], indirect=True),
]


def test_rows_that_were_added_changed_and_removed_are_as_before_and_so_are_new_keys():
    with twins() as copies, connected(copies.monolith) as copy:
        reader = RowReader()
        first, sequences = reader.read(copy), read_sequences(copy)
        group = Group.objects.create(name="one").pk
        Course.objects.filter(pk=1).update(summary="changed")
        Review.objects.all().delete()
        assert reader.read(copy) != first
        assert restore(copy, reader, first, sequences)
        assert RowReader().read(copy) == first
        assert read_sequences(copy) == sequences
        assert Group.objects.create(name="two").pk == group


def test_what_cannot_be_undone_row_by_row_is_said():
    with twins() as copies, connected(copies.monolith) as copy:
        reader = RowReader()
        first, sequences = reader.read(copy), read_sequences(copy)
        with copy.cursor() as cursor:
            cursor.execute("CREATE TABLE other (name text)")
        assert not restore(copy, reader, first, sequences)
    with twins() as copies, connected(copies.monolith) as copy:
        with copy.cursor() as cursor:
            cursor.execute("CREATE TABLE keyless (name text)")
        reader = RowReader()
        first, sequences = reader.read(copy), read_sequences(copy)
        with copy.cursor() as cursor:
            cursor.execute("INSERT INTO keyless VALUES ('x'), ('x')")
        assert len(reader.read(copy)["keyless"].rows) == 2
        assert not restore(copy, reader, first, sequences)
