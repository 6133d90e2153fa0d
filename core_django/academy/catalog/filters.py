import django_filters

from academy.catalog.models import Course


class CourseFilter(django_filters.FilterSet):
    min_price = django_filters.NumberFilter(field_name="price", lookup_expr="gte")
    max_price = django_filters.NumberFilter(field_name="price", lookup_expr="lte")
    topic = django_filters.CharFilter(field_name="topics__slug")

    class Meta:
        model = Course
        fields = ["level", "language", "is_free"]
