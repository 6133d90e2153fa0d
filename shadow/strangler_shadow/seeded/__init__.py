"""Seeded divergences: mistakes of a service, made on purpose, which show how much a verification sees.

authorisation
    everybody-forbidden: A success became 403.
    everybody-unauthenticated: A success became 401.
    existing-hidden: A success became 404, as where a filter by owner is too narrow.
    flag-of-another: What a user may do, or did, is told of another user.
    forbidden-as-not-found: 403 became 404.
    forbidden-as-unauthenticated: 403 became 401, so that clients log out.
    hidden-object-shown: An object is shown to somebody for whom there is none.
    not-found-as-forbidden: 404 became 403, which says that there is something.
    not-found-as-unauthenticated: 404 became 401.
    permission-skipped: A permission was not asked, and an object is shown.
    permission-skipped-for-lists: A permission was not asked, and an empty list is shown.
    personal-field-blank: A personal field is not shown to its own user.
    personal-field-of-another: A personal field is another user's.
    personal-field-shown: A personal field that was not there is shown.
    unauthenticated-as-forbidden: 401 became 403, so that no client asks for a login.
    unauthenticated-as-not-found: 401 became 404.

body-shape
    body-lost: The status came without a body.
    envelope-added: The whole document came under a key `data`.
    envelope-lost: A page lost what stands around its rows.
    first-row-lost: The first row is missing.
    key-as-nested-object: A primary key became an object around it.
    key-camel-case: A key is in camelCase, as protobuf's own JSON has it.
    key-extra: A key of the service's own is written.
    key-missing: A key is not written.
    key-upper-case: A key is in upper case.
    key-with-dashes: A key has dashes for underscores.
    key-with-id: A relation's key got `_id`, as its column has it.
    last-row-lost: The last row is missing.
    list-as-object: A list became an object with numbers for keys.
    list-as-text: A list became text with commas.
    list-in-a-list: A list came in another list.
    list-of-one-as-value: A list of one became that one.
    nested-object-as-key: A nested object became its primary key.
    nested-object-flattened: A nested object's fields stand in the object around it.
    object-as-list: An object came in a list of one.
    object-as-pairs: An object came as a list of keys and values, as a contract's entries.
    object-as-text: An object came as JSON text.
    object-emptied: An object lost all its keys.
    row-doubled: A row comes twice, as a join without DISTINCT makes it.
    row-of-null: A row that could not be read came as null.
    value-in-a-list: A value came in a list of one.
    value-in-a-wrapper: A value came in an object, as protobuf's wrappers.

body-value
    constant-value: A value is the same whatever is stored.
    copied-value: A field has the value of the one before it.
    first-rows-value: A field of all rows has the first row's value, as where a closure keeps it.
    id-of-the-service: An id comes from the service's own table.
    neighbours-value: A row has a value of the row before it, as where a join went wrong.
    relation-not-loaded: A list of related objects is empty.
    swapped-values: Two fields of one type have each other's value.
    word-of-the-service: A single word became the name that the contract has for it.

cookie
    cookie-added: The service sets a cookie of its own.
    cookie-domain-changed: A cookie belongs to all hosts of a domain.
    cookie-httponly-lost: Scripts may read a cookie.
    cookie-lost: A cookie is not set.
    cookie-max-age-changed: A cookie lives for another time.
    cookie-path-changed: A cookie belongs to one path.
    cookie-renamed: A cookie has another name.
    cookie-samesite-none: Other sites' requests carry a cookie.
    cookie-secure-lost: A cookie travels without TLS.

effect
    effect-added: A mail is sent that the monolith does not send.
    effect-doubled: A mail or a task is sent twice.
    effect-elsewhere: A task has another name, or a connection goes to another server.
    effect-flag-changed: A flag in a task's arguments is the other one.
    effect-lost: One of the effects is not sent.
    effect-number-changed: A number in a task's arguments is one more, as where another row is meant.
    effect-text-changed: A text in a mail or a task's arguments has a letter more.
    effect-value-lost: A value in a mail or a task's arguments is not sent along.
    effects-swapped: Two of one kind and name are sent in the opposite order.

error
    error-as-bare-list: An error is a list without a key.
    error-as-html: An error came as a page of HTML.
    error-as-problem: An error is written as RFC 9457 has it.
    error-code-added: An error has a code beside its text.
    error-code-changed: An error's code is another one.
    error-full-stop-lost: An error lost its full stop.
    error-in-a-list: An error's text came in a list.
    error-in-an-envelope: An error came under a key `error`.
    error-in-english: An error is not translated.
    error-of-grpc: An error is gRPC's status in words.
    error-reworded: An error says it in the service's own words.
    error-under-message: An error stands under `message`.
    error-without-body: An error came without a body.
    validation-as-detail: Messages of fields became one detail.
    validation-as-list: Messages of fields became a list of objects.
    validation-as-text: A field's messages are a text in place of a list.
    validation-field-renamed: A field's messages stand under no field.
    validation-first-message: Only a field's first message is written.
    validation-stops-at-first: Only the first field that is wrong is named.

header
    allow-longer: Allow has a method more.
    allow-lower-case: Allow's methods are in lower case; methods have a case.
    allow-shortened: Allow lost a method.
    cache-control-added: A cache may keep what it may not.
    cache-control-age: Caches may keep an answer ten times as long.
    cache-control-lost: Cache-Control is missing.
    cache-control-public: A private answer became public.
    content-disposition-lost: A download lost its file's name.
    content-language-changed: Content-Language names another language.
    content-language-lost: Content-Language is missing.
    content-type-changed: The body is called plain text.
    content-type-charset: The media type got a charset.
    content-type-problem: JSON is called a problem, as RFC 9457 has it.
    etag-changed: ETag is another one.
    etag-lost: ETag is missing, so that no conditional request works.
    etag-unquoted: ETag lost its quotes.
    etag-weakened: A strong ETag became a weak one.
    every-origin-allowed: Scripts of any origin may read the answer.
    header-lost: Any header is missing.
    header-of-the-service: A header of the service's own is sent.
    last-modified-lost: Last-Modified is missing.
    link-lost: Link is missing.
    link-relation: Link's next became prev.
    location-host: Location names the service's own host.
    location-lost: Location is missing.
    retry-after-changed: A 429 names another time to come again.
    retry-after-lost: A 429 does not say when to come again.
    security-header-changed: A header that guards browsers says something weaker.
    vary-longer: Vary has a member more, so that caches keep too many copies.
    vary-lost: Caches may mix answers, since Vary is missing.
    vary-shortened: Vary lost a member.
    vary-star: Vary became a star, so that nothing is cached.
    www-authenticate-lost: A 401 has no challenge.
    www-authenticate-scheme: A 401 asks for another scheme.

lost-write
    created-twice: A row was created twice, and its id is the second one's.
    default-for-stored: A field has its type's default in place of what is stored.
    deleted-row-back: A row that was deleted is there.
    new-row-missing: The row that was written last is not there.
    null-for-stored: A field was not stored and reads as null.
    relation-not-stored: Related rows were not stored.
    stale-flag: A flag is what it was before the last write.
    stale-number: A number is what it was before the last write.
    stale-text: A text is what it was before the last write.
    stale-updated-at: A moment of change was not moved by the last write.
    write-echoed: A write's reply lacks what the server would have set.

null
    default-dropped: A zero, false or empty text is not written, as proto3 does.
    empty-list-as-null: An empty list became null.
    empty-list-dropped: An empty list is not written.
    empty-object-as-null: An empty object became null.
    empty-text-as-null: An empty text became null.
    false-as-null: A false became null.
    null-as-empty-list: A null became an empty list.
    null-as-empty-object: A null became an empty object.
    null-as-empty-text: A null became an empty text.
    null-as-false: A null became false.
    null-as-text: A null became the word None.
    null-as-zero: A null became 0.
    null-dropped: A null field is not written.
    object-as-null: An object with something in it became null.
    value-as-null: A value became null.
    zero-as-null: A 0 became null.

number
    boolean-as-number: A boolean is written as 0 or 1.
    boolean-as-text: A boolean is written in quotes.
    boolean-flipped: A boolean says the opposite.
    counted-twice: A join doubled a number.
    decimal-as-number: A decimal lost its quotes.
    decimal-cent-more: A decimal is off by its last place.
    decimal-comma: A decimal is written as Germans write it.
    decimal-digit-gained: A decimal has a place more.
    decimal-digit-lost: A decimal lost its last place.
    decimal-exponent: A decimal is written with an exponent.
    decimal-in-cents: A decimal lost its point.
    decimal-rounded: A decimal is rounded to whole units, its places kept.
    decimal-zeros-stripped: A decimal lost its zeros at the end.
    float-as-int: A whole float is written as an int.
    float-as-text: A float is written in quotes.
    float-rounded: A float is rounded to one decimal.
    float-truncated: A float lost what stands after its point.
    float32-rounding: A float went through a 32-bit slot.
    int-as-float: An int is written with a point.
    int-as-text: An int is written in quotes, as protobuf's own JSON does with 64 bits.
    int32-overflow: A large int went through a 32-bit slot.
    int53-rounding: A large int went through a double.
    negative-zero: A zero got a sign.
    number-as-boolean: A 0 or 1 became false or true.
    off-by-one: An int is one too high.
    sign-flipped: An int has the other sign.
    text-as-int: Digits lost their quotes.

order
    key-moved-last: One key comes behind all others.
    keys-reversed: An object's keys come in the opposite order.
    keys-sorted: An object's keys come in the order of the alphabet.
    rows-reversed: Rows come in the opposite order.
    rows-rotated: The first row comes last.
    rows-sorted: Rows come sorted by what they say, in place of the order that was asked for.
    rows-swapped: The last two rows changed places, as rows do that an ordering calls equal.

pagination
    count-missing: The page has no count.
    count-of-the-page: The count is of this page's rows alone.
    count-off-by-one: The count has one too many.
    next-host: The next link names the service's own host.
    next-missing: A page that has one says that there is no next one.
    next-never-ends: The last page has a next link.
    next-of-the-service: The next link has a page token in place of a number.
    next-page-skipped: The next link leads one page too far.
    next-parameter-lost: The next link forgot a parameter of the call.
    next-parameters-reordered: The next link's parameters come in another order.
    next-path: The next link lost its path's prefix.
    next-port: The next link has a port more.
    next-relative: The next link lost its scheme and host.
    next-scheme: The next link has the other scheme, as behind a proxy that ends TLS.
    next-slash: The next link lost its path's last slash, so that clients are redirected.
    page-empty: The page has no rows and no count.
    page-shifted: The page begins one row late and repeats its last one.
    page-too-long: The page has one row more than it should.
    previous-host: The previous link names the service's own host.
    previous-missing: A page that has one says that there is no previous one.
    previous-page-one: The previous link spells out the first page.

spelling
    body-cut-short: The body's last byte is missing.
    json-ascii-only: Characters beyond ASCII are written as escapes.
    json-byte-order-mark: A byte order mark stands before the document.
    json-indented: The document is spread over lines.
    json-key-twice: A key is written twice; parsers keep the last one.
    json-line-end: A line end stands behind the document.
    json-slashes-escaped: Slashes are escaped, as PHP does.
    json-with-spaces: Spaces stand behind commas and colons.

status
    bad-request-as-409: 400 became 409, gRPC's ALREADY_EXISTS.
    bad-request-as-422: 400 became 422.
    created-as-ok: 201 became 200.
    error-as-ok: An error came under 200.
    error-as-server-error: A client's error became 500.
    found-as-moved: 302 became 301, which browsers keep.
    media-type-as-bad-request: 406 or 415 became 400.
    method-not-allowed-as-not-found: 405 became 404.
    no-content-as-ok: 204 became 200.
    no-content-with-body: 204 came with a body.
    not-found-as-bad-request: 404 became 400.
    not-found-as-gone: 404 became 410.
    not-modified-as-ok: 304 became 200.
    ok-as-accepted: 200 or 201 became 202.
    ok-as-created: 200 became 201.
    ok-as-no-content: 200 became 204, without a body.
    ok-as-partial: 200 became 206.
    ok-as-server-error: A success became 500.
    redirect-as-ok: A redirect became 200.
    throttled-as-unavailable: 429 became 503, gRPC's RESOURCE_EXHAUSTED seen by a gateway.

tenant
    count-of-all-tenants: A count counts all tenants' rows.
    keys-of-another-tenant: All ids are those of another tenant's copy.
    object-of-another-tenant: An object with the same shape belongs to another tenant.
    row-of-another-tenant: A list has one row of another tenant behind its own.
    rows-of-all-tenants: A list has all tenants' rows.
    rows-of-another-tenant: A list has another tenant's rows in place of its own.
    tenant-of-another: The field that names the tenant names another.

text
    address-of-the-service: A URL names the service's own host.
    address-without-host: A URL lost its scheme and host.
    dash-as-underscore: Dashes became underscores.
    html-escaped: Characters of HTML were escaped.
    html-tags-stripped: Tags were taken out.
    html-unescaped: Entities of HTML were resolved.
    label-for-value: A choice is written as its label.
    line-ends-of-windows: Line ends got a carriage return.
    no-break-space: Spaces became no-break spaces.
    spaces-joined: Runs of blanks and line ends became one space.
    spaces-stripped: A text lost the spaces around it.
    text-encoded-twice: A text was written as JSON twice.
    text-lower-case: A text is in lower case.
    text-shortened: A long text ends in three dots.
    text-truncated: A text lost its last character.
    text-upper-case: A text is in upper case.
    trailing-space: A text has a space behind it.
    unicode-composed: Combining characters were composed (NFC).
    unicode-decomposed: Characters were taken apart (NFD).
    unicode-lost: Characters beyond ASCII became question marks.
    utf8-read-as-latin1: UTF-8 was read as Latin-1.
    uuid-as-urn: A UUID is written as a URN.
    uuid-upper-case: A UUID is in upper case.
    uuid-without-dashes: A UUID is written without dashes.
    value-for-label: A choice's label is written as its value.

time
    date-for-datetime: A moment lost its time of day.
    date-localised: A date is written with points, day first.
    datetime-for-date: A date got a time of day.
    day-shifted: A date is a day early, as where midnight was moved to UTC.
    duration-in-python: A duration is written as Python prints it.
    duration-in-seconds: A duration is a number of seconds.
    duration-iso: A duration is written as ISO 8601 does.
    hour-shifted: A moment is an hour late, as where summer time is counted twice.
    microsecond-more: A moment is off by a microsecond.
    microseconds-cut: A moment lost the part of its second.
    milliseconds: A moment's part of a second has three digits.
    moment-as-seconds: A moment is written as seconds since 1970.
    month-and-day-swapped: Month and day changed places.
    offset-changed: The same moment is written in another offset.
    offset-dropped: A moment is written without an offset.
    offset-ignored: The wall time is kept and called UTC.
    space-for-t: A space stands between date and time.
    time-of-day-lost: A moment became its day's midnight.
    z-as-zero-offset: Z is written as +00:00.
    zero-microseconds-added: A whole second is written with zeros behind it.
    zero-offset-as-z: +00:00 is written as Z.
"""

from strangler_shadow.seeded.catalogue import listing
from strangler_shadow.seeded.draw import backend, damaged
from strangler_shadow.seeded.operator import Family, Operator
from strangler_shadow.seeded.registry import OPERATORS
from strangler_shadow.seeded.sending import SENDING, sending_self_test
from strangler_shadow.seeded.trials import Pair, SelfTest, self_test

__all__ = [
    "OPERATORS",
    "SENDING",
    "Family",
    "Operator",
    "Pair",
    "SelfTest",
    "backend",
    "damaged",
    "listing",
    "self_test",
    "sending_self_test",
]
