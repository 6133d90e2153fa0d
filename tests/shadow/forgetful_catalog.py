"""The native catalog, which stamps rows of another model than the one that shows what it wrote."""

import sys

from catalog_service import __main__, reviews

if __name__ == "__main__":
    reviews.SHOWN_BY = "catalog.lesson"
    sys.exit(__main__.main())
