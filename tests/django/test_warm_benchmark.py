from django.contrib.auth.models import User

from academy.learning.models import Learner
from tests.bench.serializers_warm import measure
from tests.django.conftest import NOON, Redis, make_course


def test_a_warm_list_is_many_times_faster_than_its_naive_twin(cached: Redis) -> None:
    Learner.objects.create(user=User.objects.create_user("ada"), display_name="Ada", joined_at=NOON)
    for _ in range(100):
        make_course()
    # The benchmark demands more; here a busy machine must not fail the tests.
    assert measure(cached.url, blocks=2, reads=10)["ratio"] > 10
