"""Numbers that are not what they were."""

import re
import struct
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnNodes

DECIMAL = re.compile(r"-?\d+\.\d+")
DIGITS = re.compile(r"-?[1-9]\d*|0")


class _OfFloats(OnNodes, family=Family.NUMBER):
    of = (float,)


class _OfInts(OnNodes, family=Family.NUMBER):
    of = (int,)


class _OfBooleans(OnNodes, family=Family.NUMBER):
    of = (bool,)


class _OfDecimals(OnNodes, family=Family.NUMBER):
    of = (str,)

    def change(self, value: str) -> Any:
        """Leave all other text alone."""
        return self.change_decimal(value) if DECIMAL.fullmatch(value) else UNTOUCHED

    def change_decimal(self, value: str) -> Any:
        """The wrong decimal."""
        raise NotImplementedError


class Float32Rounding(_OfFloats, name="float32-rounding"):
    """A float went through a 32-bit slot."""

    def change(self, value: float) -> Any:
        try:
            return struct.unpack("f", struct.pack("f", value))[0]
        except OverflowError:
            return UNTOUCHED


class FloatRounded(_OfFloats, name="float-rounded"):
    """A float is rounded to one decimal."""

    def change(self, value: float) -> Any:
        return round(value, 1)


class FloatAsInt(_OfFloats, name="float-as-int"):
    """A whole float is written as an int."""

    def change(self, value: float) -> Any:
        return int(value) if value.is_integer() else UNTOUCHED


class FloatTruncated(_OfFloats, name="float-truncated"):
    """A float lost what stands after its point."""

    def change(self, value: float) -> Any:
        return float(int(value)) if abs(value) < 2**53 else UNTOUCHED


class FloatAsText(_OfFloats, name="float-as-text"):
    """A float is written in quotes."""

    def change(self, value: float) -> Any:
        return repr(value)


class NegativeZero(_OfFloats, name="negative-zero"):
    """A zero got a sign."""

    def change(self, value: float) -> Any:
        return -value if value == 0 else UNTOUCHED


class IntAsFloat(_OfInts, name="int-as-float"):
    """An int is written with a point."""

    def change(self, value: int) -> Any:
        return float(value) if abs(value) < 2**53 else UNTOUCHED


class IntAsText(_OfInts, name="int-as-text"):
    """An int is written in quotes, as protobuf's own JSON does with 64 bits."""

    def change(self, value: int) -> Any:
        return str(value)


class OffByOne(_OfInts, name="off-by-one"):
    """An int is one too high."""

    def change(self, value: int) -> Any:
        return value + 1


class SignFlipped(_OfInts, name="sign-flipped"):
    """An int has the other sign."""

    def change(self, value: int) -> Any:
        return -value


class CountedTwice(_OfInts, name="counted-twice"):
    """A join doubled a number."""

    def change(self, value: int) -> Any:
        return value * 2


class Int32Overflow(_OfInts, name="int32-overflow"):
    """A large int went through a 32-bit slot."""

    def change(self, value: int) -> Any:
        return (value + 2**31) % 2**32 - 2**31


class Int53Rounding(_OfInts, name="int53-rounding"):
    """A large int went through a double."""

    def change(self, value: int) -> Any:
        return int(float(value)) if abs(value) < 10**300 else UNTOUCHED


class ZeroAsFalse(_OfInts, name="number-as-boolean"):
    """A 0 or 1 became false or true."""

    def change(self, value: int) -> Any:
        return bool(value) if value in (0, 1) else UNTOUCHED


class BooleanAsNumber(_OfBooleans, name="boolean-as-number"):
    """A boolean is written as 0 or 1."""

    def change(self, value: bool) -> Any:
        return int(value)


class BooleanAsText(_OfBooleans, name="boolean-as-text"):
    """A boolean is written in quotes."""

    def change(self, value: bool) -> Any:
        return str(value).lower()


class BooleanFlipped(_OfBooleans, name="boolean-flipped"):
    """A boolean says the opposite."""

    def change(self, value: bool) -> Any:
        return not value


class TextAsInt(OnNodes, name="text-as-int", family=Family.NUMBER):
    """Digits lost their quotes."""

    of = (str,)

    def change(self, value: str) -> Any:
        return int(value) if DIGITS.fullmatch(value) and len(value) < 18 else UNTOUCHED


class DecimalAsNumber(_OfDecimals, name="decimal-as-number"):
    """A decimal lost its quotes."""

    def change_decimal(self, value: str) -> Any:
        return float(value)


class DecimalDigitLost(_OfDecimals, name="decimal-digit-lost"):
    """A decimal lost its last place."""

    def change_decimal(self, value: str) -> Any:
        return value[:-1].rstrip(".")


class DecimalDigitGained(_OfDecimals, name="decimal-digit-gained"):
    """A decimal has a place more."""

    def change_decimal(self, value: str) -> Any:
        return value + "0"


class DecimalNormalised(_OfDecimals, name="decimal-zeros-stripped"):
    """A decimal lost its zeros at the end."""

    def change_decimal(self, value: str) -> Any:
        return value.rstrip("0").rstrip(".")


class DecimalRounded(_OfDecimals, name="decimal-rounded"):
    """A decimal is rounded to whole units, its places kept."""

    def change_decimal(self, value: str) -> Any:
        whole = Decimal(value).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return f"{whole}.{'0' * len(value.partition('.')[2])}" if len(value) < 25 else UNTOUCHED


class DecimalCent(_OfDecimals, name="decimal-cent-more"):
    """A decimal is off by its last place."""

    def change_decimal(self, value: str) -> Any:
        places = len(value.partition(".")[2])
        return str(Decimal(value) + Decimal(1).scaleb(-places)) if len(value) < 25 else UNTOUCHED


class DecimalComma(_OfDecimals, name="decimal-comma"):
    """A decimal is written as Germans write it."""

    def change_decimal(self, value: str) -> Any:
        return value.replace(".", ",")


class DecimalExponent(_OfDecimals, name="decimal-exponent"):
    """A decimal is written with an exponent."""

    def change_decimal(self, value: str) -> Any:
        return f"{Decimal(value):E}" if len(value) < 25 else UNTOUCHED


class DecimalInCents(_OfDecimals, name="decimal-in-cents"):
    """A decimal lost its point."""

    def change_decimal(self, value: str) -> Any:
        return value.replace(".", "")
