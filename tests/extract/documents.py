"""JSON documents that Python's parser accepts and that a contract may spoil, as texts by name."""

import json
from collections.abc import Iterable

__all__ = ["DEPTH", "DOCUMENTS"]

DEPTH = 500

NUMBERS = (
    "0", "-0", "1", "-1", "0.0", "-0.0", "1.0", "-1.0", "0e0", "-0e-0", "1E1", "1e+2", "1e-2", "0.1",
    "0.30000000000000004", "1.10", "100", "1e2", "123.456e-7", "127", "128", "32768", "2147483647", "-2147483648",
    "2147483648", "4294967295", "4294967296", "9007199254740991", "9007199254740992", "9007199254740993",
    "-9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
    "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1e308", "-1e308",
    "1.7976931348623157e308", "1e309", "-1e400", "5e-324", "-5e-324", "2.2250738585072014e-308",
    "2.225073858507201e-308", "1e-400", "-1e-400", "1e22", "1e23", "123456789012345678901234567890.5",
    "3.141592653589793238462643383279", "9007199254740993.0", "0.1e1", "NaN", "Infinity", "-Infinity",
)  # fmt: skip

WORDS = ("null", "true", "false", " null ", "\n\t\r 1 \n", '"null"', '"true"', '"NaN"', '"1"', '"-0.0"', '""', '" "')

TEXTS = (
    r'"a\"b"', r'"a\\b"', r'"a\/b"', r'"\b\f\n\r\t"', '"a/b"', '"<script>&amp;</script>"', '"{}"', '"[1]"',
    r'"\"quoted\""', r'"\u0000"', r'"a\u0000b"', r'"\u0001\u001f"', '"\x7f"', r'"\u0080\u009f"', r'"\u00a0"',
    r'"\u2028"', '"\u2028\u2029"', r'"\ufeff"', '"\ufeffa"', r'"\ufffe"', '"\uffff"', r'"\ufdd0"', r'"\ufffd"',
    '"größe"', r'"gr\u00f6\u00dfe"', '"o\u0308"', '"\u212b\u00c5"', '"Ελληνικά"', '"עברית \u202etxet\u202c"',
    '"日本語"', '"\U0001f600"', r'"\ud83d\ude00"', '"\U0001f468\u200d\U0001f469\u200d\U0001f467"', '"\U0010ffff"',
    r'"\udbff\udfff"', r'"\ud800"', r'"\udfff"', r'"\ude00\ud83d"', r'"\ud83d \ude00"', r'"a\ud800b"',
    r'"\ud83d\ud83d\ude00"',
)  # fmt: skip

OBJECTS = (
    "{}", '{"":0}', '{"":{"":{"":null}}}', '{" ":1," a":2,"a ":3,"a":4}', '{"a":1,"a":2}', '{"a":1,"b":2,"a":3}',
    '{"a":1,"A":2}', '{"\u00e5":1,"a\u030a":2,"\u212b":3}', '{"1":1,"01":2,"1.0":3,"-1":4}', '{"null":0,"true":1}',
    '{"z":1,"y":2,"a":3,"10":4,"9":5}', r'{"\u0000":1,"\u0000\u0000":2}', r'{"\ud800":1,"\udfff":2}', '{"\u2028":1}',
    '{"\U0001f600":"\U0001f600"}', '{"__proto__":1,"constructor":2,"__class__":3}', '{"strangler_http":1}',
    '{"strangler_overflow":[{"number":0,"json":"1"}]}', '{"key":"k","value":"v"}', '{"@type":"x"}',
    '{"a.b":1,"a":{"b":2}}', '{"class":1,"def":2,"None":3}', '{"a\\"b":1,"a\\\\b":2,"a/b":3}',
    '{"a":null,"b":[],"c":{},"d":""}', '{"items":[1,2]}', '{ "spaces" : [ 1 , { } ] }',
)  # fmt: skip

ARRAYS = (
    "[]", "[[]]", "[[],[]]", "[{}]", "[null]", "[null,null,[null]]", '[1,1.0,true,"1"]', '[0,-0.0,false,null,""]',
    "[[1,[2,[3,[4]]]],[]]", '[{"a":1},{"b":2},{}]', "[9223372036854775807,9223372036854775808]", "[1e308,5e-324,-0.0]",
    "[true,false,true]", '["","\\u0000","\\ud800"]', "[[[[[[[[[[]]]]]]]]]]",
)  # fmt: skip

LONG = {
    "an integer of 4000 digits": "9" * 4000,
    "a negative integer of 4000 digits": "-" + "7" * 4000,
    "2 ** 1024": str(2**1024),
    "a fraction of 2000 digits": "0." + "123456789" * 222,
    "a text of a million letters": f'"{"a" * 1_000_000}"',
    "a text of 100,000 emoji": json.dumps("\U0001f600" * 100_000, ensure_ascii=False),
    "a text of 10,000 lone surrogates": '"' + r"\udead" * 10_000 + '"',
    "a text of 10,000 quotes and backslashes": json.dumps('"\\' * 10_000),
    "a key of 100,000 letters": f'{{"{"k" * 100_000}":1}}',
    "10,000 keys": json.dumps({f"key {i}": i for i in range(10_000)}),
    "10,000 numbers": json.dumps([i / 7 for i in range(10_000)]),
    "10,000 empty objects": json.dumps([{}] * 10_000),
}
DEEP = {
    f"lists {DEPTH} deep": "[" * DEPTH + "]" * DEPTH,
    f"objects {DEPTH} deep": '{"a":' * DEPTH + "null" + "}" * DEPTH,
    f"objects {DEPTH} deep under empty keys": '{"":' * DEPTH + "-0.0" + "}" * DEPTH,
    f"lists and objects {DEPTH} deep": '[{"a":' * (DEPTH // 2) + "1" + "}]" * (DEPTH // 2),
    f"lists {DEPTH} deep with neighbours": "[1," * DEPTH + r'"\ud800"' + ",{}]" * DEPTH,
}


def _named(kind: str, texts: Iterable[str]) -> dict[str, str]:
    return {f"{kind} {text}": text for text in texts}


DOCUMENTS: dict[str, str] = {
    **_named("number", NUMBERS),
    **_named("word", WORDS),
    **_named("text", TEXTS),
    **_named("object", OBJECTS),
    **_named("array", ARRAYS),
    **LONG,
    **DEEP,
}
