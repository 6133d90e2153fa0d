from rest_framework.generics import RetrieveAPIView

from academy.learning.models import Enrolment
from academy.learning.permissions import IsOwnEnrolment
from academy.learning.serializers import EnrolmentSerializer


class EnrolmentDetail(RetrieveAPIView):
    queryset = Enrolment.objects.select_related("course", "learner")
    serializer_class = EnrolmentSerializer
    permission_classes = [IsOwnEnrolment]
