import pytest

from strangler_protos.errors import StranglerError
from strangler_services import caller, remaining, request_id


@pytest.mark.parametrize("question", [caller, remaining, request_id])
def test_there_is_no_caller_outside_of_a_call(question):
    with pytest.raises(StranglerError, match="ask inside a servicer method"):
        question()
