"""Views that are copied into services, with what a copy has to bring along."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from rest_framework import generics, serializers
from rest_framework.decorators import api_view
from rest_framework.response import Response

if TYPE_CHECKING:
    from django.db.models import QuerySet

SINCE = dt.date(2020, 1, 1)


class Names(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["username"]


class Newcomers:
    """A base of the project's own."""

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.filter(date_joined__gt=dt.datetime.combine(SINCE, dt.time(), tzinfo=dt.UTC))


class UserList(Newcomers, generics.ListAPIView):
    serializer_class = Names


@api_view()
def plain(request):
    return Response({})


def local_view():
    class Hidden(generics.ListAPIView):
        pass

    return Hidden
