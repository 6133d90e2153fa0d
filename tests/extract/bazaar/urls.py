"""Every address of the bazaar."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter
from rest_framework.urlpatterns import format_suffix_patterns

from bazaar.views import answers, failing, goods, patterns

router = SimpleRouter()
router.register("goods", goods.Goods, "good")
router.register("linked", goods.Linked, "linked")
router.register("stalls", goods.Stalls, "stall")
router.register("strict", goods.Strict, "strict")

urlpatterns = [
    path("statuses/<int:code>/", answers.Statuses.as_view(), name="statuses"),
    path("empties/<str:kind>/", answers.Empties.as_view(), name="empties"),
    path("documents/<str:kind>/", answers.Documents.as_view(), name="documents"),
    path("headers/", answers.Headers.as_view(), name="headers"),
    path("modified/", answers.Modified.as_view(), name="modified"),
    path("conditional/", answers.Conditional.as_view(), name="conditional"),
    path("plain/", answers.Plain.as_view(), name="plain"),
    path("typed/", answers.Typed.as_view(), name="typed"),
    path("cookie/", answers.Cookie.as_view(), name="cookie"),
    path("elsewhere/", answers.Elsewhere.as_view(), name="elsewhere"),
    path("own-headers/", answers.OwnHeaders.as_view(), name="own-headers"),
    path("finished/", answers.Finished.as_view(), name="finished"),
    path("function/", answers.function, name="function"),
    path("big/", answers.Big.as_view(), name="big"),
    path("forms/", answers.Forms.as_view(), name="forms"),
    path("uploads/<str:filename>/", answers.Upload.as_view(), name="upload"),
    *format_suffix_patterns([path("suffixed", goods.AllGoods.as_view(), name="suffixed")]),
    path("offset/", goods.OffsetGoods.as_view(), name="offset"),
    path("cursor/", goods.CursorGoods.as_view(), name="cursor"),
    path("countless/", goods.CountlessGoods.as_view(), name="countless"),
    path("enveloped/", goods.EnvelopedGoods.as_view(), name="enveloped"),
    path("all/", goods.AllGoods.as_view(), name="all"),
    path("nested/<int:pk>/", goods.Nested.as_view(), name="nested"),
    path("deep/<int:pk>/", goods.Deep.as_view(), name="deep"),
    path("numbers/", goods.Numbers.as_view(), name="numbers"),
    path("shelves/<int:pk>/", goods.Shelves.as_view(), name="shelf"),
    path("odd-keys/", goods.OddKeys.as_view(), name="odd-keys"),
    path("bulk/", goods.Bulk.as_view(), name="bulk"),
    re_path(r"^(?P<version>v1|v2)/by-path/$", goods.ByPath.as_view(), name="bypath"),
    path("one/", include(([path("by-namespace/", goods.ByNamespace.as_view(), name="bynamespace")], "shop"), "one")),
    path("two/", include(([path("by-namespace/", goods.ByNamespace.as_view(), name="bynamespace")], "shop"), "two")),
    path("by-accept/", goods.ByAccept.as_view(), name="byaccept"),
    path("by-query/", goods.ByQuery.as_view(), name="byquery"),
    path("failing/<str:kind>/", failing.Failing.as_view(), name="failing"),
    path("exploding/", failing.Exploding.as_view(), name="exploding"),
    path("private/", failing.Private.as_view(), name="private"),
    path("staff-only/", failing.StaffOnly.as_view(), name="staff-only"),
    path("throttled/", failing.Throttled.as_view(), name="throttled"),
    path("narrow/", failing.Narrow.as_view(), name="narrow"),
    path("unprocessable/", failing.Unprocessable.as_view(), name="unprocessable"),
    path("handled/<str:kind>/", failing.Handled.as_view(), name="handled"),
    path("flag-or-list/", patterns.FlagOrList.as_view(), name="flag-or-list"),
    path("indexing/", patterns.Indexing.as_view(), name="indexing"),
    path("described/", patterns.Described.as_view(), name="described"),
    path("chosen-fields/", patterns.ChosenFields.as_view(), name="chosen-fields"),
    path("chosen-serializer/<int:pk>/", patterns.ChosenSerializer.as_view(), name="chosen-serializer"),
    path("tenant-stalls/", patterns.TenantStalls.as_view(), name="tenant-stalls"),
    path("tenant-fields/", patterns.TenantFields.as_view(), name="tenant-fields"),
    path("tenant-prices/", patterns.TenantPrices.as_view(), name="tenant-prices"),
    path("request-tenant/", patterns.RequestTenant.as_view(), name="request-tenant"),
    path("filtered/", patterns.Filtered.as_view(), name="filtered"),
    path("notes/", patterns.Notes.as_view(), name="notes"),
    path("labelled/", patterns.Labelled.as_view(), name="labelled"),
    path("options/", patterns.Options.as_view(), name="options"),
    path("overview/", patterns.Overview.as_view(), name="overview"),
    path("by-id-or-name/<str:ref>/", patterns.ByIdOrName.as_view(), name="by-id-or-name"),
    path("envelope/", patterns.Envelope.as_view(), name="envelope"),
    path("nosy/", patterns.Nosy.as_view(), name="nosy"),
    path("noise/", patterns.Noise.as_view(), name="noise"),
    path("visits/", patterns.Visits.as_view(), name="visits"),
    path("counted/", patterns.Counted.as_view(), name="counted"),
    path("address/", patterns.Address.as_view(), name="address"),
    *router.urls,
]
