from django.urls import include, path
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.routers import SimpleRouter

from academy.catalog.views import CourseViewSet, EducatorDetail
from academy.learning.views import EnrolmentDetail

router = SimpleRouter()
router.register("courses", CourseViewSet, basename="course")

api = [
    *router.urls,
    path("educators/<int:pk>/", EducatorDetail.as_view(), name="educator-detail"),
    path("enrolments/<int:pk>/", EnrolmentDetail.as_view(), name="enrolment-detail"),
    path("token/", obtain_auth_token, name="token"),
]

urlpatterns = [path("api/v1/", include((api, "v1")))]
