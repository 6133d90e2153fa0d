"""Rows to look at, each with its own author, so that no two rows ask the same."""

from tests.django.profiling.library.models import (
    Author,
    Book,
    Chapter,
    Country,
    Cover,
    Genre,
    Loan,
    Note,
    Opening,
    Publisher,
)


def fill(books):
    """So many books, each with two chapters, two genres, a cover, a loan and a note."""
    country = Country.objects.create(name="Kenia")
    genres = [Genre.objects.create(name=f"genre {number}") for number in range(3)]
    Opening.objects.create(hours="9 to 5")
    for number in range(books):
        author = Author.objects.create(name=f"Secret {number}", country=country)
        publisher = Publisher.objects.create(name="House", slug=f"house-{number}", country=country)
        book = Book.objects.create(title=f"Book {number}", summary="long", author=author, publisher=publisher)
        book.genres.set(genres[number % 2 : number % 2 + 2])
        for place in (1, 2):
            Chapter.objects.create(book=book, editor=author, number=place, title=f"Chapter {place}")
        Cover.objects.create(book=book, address=f"https://covers.invalid/{number}")
        Loan.objects.create(book=book, days=number)
        Note.objects.create(text="read", about=book)
