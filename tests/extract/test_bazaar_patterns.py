"""What real projects do with serializers: exact through the extracted contract, or refused with a reason."""

import json
from urllib.parse import quote

import pytest

pytest_plugins = ["tests.extract.bazaar.fixtures"]


def test_a_method_field_returning_a_bool_or_a_list_is_exact(exact, reasons):
    assert {type(good["tags"]) for good in exact("/flag-or-list/").data} == {bool, list}
    assert "no type is declared for tags; JSON text, unless responses show one" in reasons("flag-or-list.get")


def test_method_fields_that_index_into_another_serializer_s_data_are_exact(exact):
    assert exact("/indexing/").data[1]["first_tag"] == {"id": 1, "name": "ripe"}


def test_extend_schema_field_with_dict_literals_types_what_it_says_and_keeps_what_it_does_not(exact, bazaar):
    answer = exact("/described/")
    assert {type(good["mistaken"]) for good in answer.data} == {int, str}
    message = bazaar.proto().partition("message Described {")[2].partition("\n}")[0]
    assert "// extend_schema_field\n  repeated int64 sizes" in message
    assert "// extend_schema_field\n  DescribedPrice price" in message
    # An integer in a slot of floats stays one.
    assert "// extend_schema_field\n  optional double rate" in message
    assert {type(good["rate"]) for good in answer.data} == {int, float}


@pytest.mark.parametrize("query", ["", "?fields=id", "?fields=price,name", "?fields=unknown"])
def test_fields_chosen_by_query_parameter_are_exact(exact, query):
    assert exact(f"/chosen-fields/{query}").status == 200


@pytest.mark.parametrize("query", ["", "?short"])
def test_a_serializer_chosen_by_query_parameter_is_exact(exact, query):
    assert exact(f"/chosen-serializer/2/{query}").status == 200


@pytest.mark.parametrize(
    ("endpoint", "line"),
    [
        ("tenant-stalls.get", "reads TENANT, which"),
        ("tenant-fields.get", "reads TENANT, which"),
        ("tenant-prices.get", "reads TENANT through tenant(), which"),
    ],
)
def test_rows_or_fields_chosen_by_a_context_variable_are_refused(reasons, exact, endpoint, line):
    verdict, *why = reasons(endpoint)
    assert verdict == "refused"
    [reason] = [reason for reason in why if line in reason]
    assert "patterns.py:" in reason
    assert reason.endswith("middleware sets; let STRANGLER['TENANT'] tell it of a request")
    assert exact(f"/{endpoint.removesuffix('.get')}/", by="unbound", headers={"X-Shop": "south"}).status == 200


def test_what_middleware_puts_on_the_request_needs_a_change_and_is_the_monolith_s_until_then(reasons, exact):
    verdict, *why = reasons("request-tenant.get")
    assert verdict == "needs a change"
    assert any(reason.endswith("request.shop does not travel to the service; headers do") for reason in why)
    assert exact("/request-tenant/", by="fell back", headers={"X-Shop": "south"}).data == {"shop": "south"}


@pytest.mark.parametrize("query", ["", "?kind=spice", "?kind=none"])
def test_a_custom_list_serializer_that_filters_by_request_is_exact(exact, query):
    assert exact(f"/filtered/{query}").status == 200


def test_polymorphic_generic_relations_that_call_to_representation_directly_are_exact(exact):
    assert [note["subject"]["type"] for note in exact("/notes/").data] == ["Good", "Stall"]


def test_choices_are_value_and_label_on_read_and_bare_values_on_write(exact):
    assert exact("/labelled/").data[0]["kind"] == {"value": "spice", "label": "Spice"}
    good = {"name": "new", "price": "1", "stall": 1}
    made = exact("/labelled/", "POST", data={**good, "kind": "fruit"})
    assert made.data["kind"] == {"value": "fruit", "label": "Fresh fruit"}
    assert exact("/labelled/", "POST", data={**good, "kind": {"value": "fruit"}}).status == 400


def test_dynamic_custom_fields_are_exact_when_they_change(exact):
    assert "open" in exact("/options/").data[0]


def test_a_dict_of_serializers_is_exact(exact):
    assert list(exact("/overview/").data) == ["stall", "goods", "counts"]


@pytest.mark.parametrize(("ref", "status"), [("2", 200), ("good 1", 200), ("99", 404), ("gööd", 404), ("0002", 200)])
def test_lookup_by_id_or_by_name_is_exact(exact, ref, status):
    assert exact(f"/by-id-or-name/{quote(ref)}/").status == status


def test_envelopes_made_in_the_renderer_and_unwrapped_in_the_parser_are_exact(exact):
    assert list(exact("/envelope/").data) == ["ok", "status", "data"]
    good = {"name": "new", "price": "1", "stall": 1}
    assert exact("/envelope/", "POST", data={"data": good}).data["status"] == 201
    assert exact("/envelope/", "POST", data={"data": {}}).data["ok"] is False


def test_a_renderer_that_asks_the_view_needs_a_change(reasons):
    verdict, *why = reasons("nosy.get")
    assert verdict == "needs a change"
    assert any("renderer_context['view'] asks a renderer's view" in reason for reason in why)
    assert reasons("envelope.get")[0] == "eligible"


def test_a_get_that_writes_a_session_row_stays_on_the_monolith(bazaar, reasons):
    assert any("request.session" in reason and "cannot be lifted" in reason for reason in reasons("visits.get"))
    monolith, service = (bazaar.ask(side, "GET", "/visits/", headers={}) for side in ("monolith", "service"))
    assert (monolith.status, monolith.body, service.by) == (service.status, service.body, "fell back")


def test_a_get_that_writes_any_row_is_exact(exact):
    assert [exact("/counted/").data["visits"] for _ in range(2)] == [1, 2]


@pytest.fixture(scope="module")
def verified(bazaar):
    """What `strangler verify` reports of endpoints whose answers never stay the same, and of one whose do."""
    names = ["noise.get", "visits.get", "counted.get", "good-list.get"]
    options = ["--examples", "4", "--seed", "1", "--rung", "lifted", "--report", "json=report.json"]
    bazaar.strangler("verify", *names, *options, side="service", codes=(0, 2))
    return {one["endpoint"]: one for one in json.loads((bazaar.folder / "report.json").read_text())["endpoints"]}


def test_tokens_and_times_that_change_on_each_read_are_noise_and_no_difference(verified):
    assert verified["noise.get"]["verdict"] == "EQUIVALENT"
    assert verified["noise.get"]["skipped"]["varies by itself"] > 0
    assert verified["good-list.get"]["verdict"] == "EQUIVALENT"
    assert verified["good-list.get"]["skipped"].get("varies by itself", 0) == 0


@pytest.mark.parametrize("endpoint", ["visits.get", "counted.get"])
def test_a_get_that_writes_is_not_compared_and_never_taken_for_equal(verified, endpoint):
    assert verified[endpoint]["verdict"] == "INCONCLUSIVE"
    assert verified[endpoint]["skipped"]["writes"] > 0


def test_the_client_s_address_does_not_travel_and_needs_a_change(reasons):
    verdict, *why = reasons("address.get")
    assert verdict == "needs a change"
    assert any("request.META['REMOTE_ADDR'] does not travel to the service" in reason for reason in why)
