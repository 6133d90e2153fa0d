"""Orders that send mail, put a task into a queue and ask another server; OUTGOING_FAULT makes one process wrong.

With OUTGOING_WAY both sides ask before they answer, mail from a thread, or mail a token.
Texts with the word zanzibar are personal.
"""

import os
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from celery import Celery
from django.core.mail import EmailMultiAlternatives, send_mail
from django.db import transaction
from django.urls import path
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from academy.catalog.models import Topic

FAULT = os.environ.get("OUTGOING_FAULT", "")
LATE = 0.08
kept: list[int] = []
QUEUE = os.environ.get("OUTGOING_QUEUE", "/nowhere")
FOLDERS = dict.fromkeys(["data_folder_in", "data_folder_out", "control_folder"], QUEUE)
app = Celery("outgoing", broker="filesystem://")
app.conf.update(broker_transport_options=FOLDERS, task_routes={"shop.charge": {"queue": "payments"}})


@app.task(name="shop.charge")
def charge(order: int, amount: int, note: Any = None) -> None:
    """Never runs here."""


class OrderSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=40)
    amount = serializers.IntegerField(min_value=-3, max_value=3)


class Orders(GenericAPIView):
    throttle_classes: list[Any] = []
    permission_classes: list[Any] = []
    serializer_class = OrderSerializer
    queryset = Topic.objects.all()

    def post(self, request: Any) -> Response:
        order = OrderSerializer(data=request.data)
        if not order.is_valid() and kept:
            confirm(kept.pop())
        order.is_valid(raise_exception=True)
        amount = order.validated_data["amount"]
        with transaction.atomic():
            topic = Topic.objects.create(slug=f"order-{Topic.objects.count()}", name=order.validated_data["name"])
            enqueue(topic.pk, amount)
            transaction.on_commit(announce)
            if amount < 0:
                raise ValidationError({"amount": ["Nobody is paid for an order."]})
        way = os.environ.get("OUTGOING_WAY")
        if way == "asks":
            ask()
        if FAULT == "late_mail" or way == "threads":
            later(lambda: confirm(topic.pk))
        elif FAULT != "no_mail":
            confirm(topic.pk)
        if FAULT == "mail_at_another_call":
            kept.append(topic.pk)
        if FAULT == "more_mail_late":
            later(lambda: send_mail("Thanks", "zanzibar", None, ["zanzibar@example.org"]))
        return Response({"id": topic.pk}, status=201)


class Quotes(APIView):
    """A GET that puts a task into the queue, and asks another server for its answer."""

    throttle_classes: list[Any] = []
    permission_classes: list[Any] = []

    def get(self, request: Any) -> Response:
        charge.delay(1, 1)
        send_mail("Quoted", "zanzibar", None, ["zanzibar@example.org"])
        return Response({"answer": ask()})


def enqueue(order: int, amount: int) -> None:
    """Where all is well, after the commit."""
    note = {"zanzibar": "zanzibar-note"}
    if FAULT == "before_commit":
        charge.apply_async((order, amount), {"note": note}, countdown=30)
        return
    if FAULT == "other_argument":
        amount += 1
    transaction.on_commit(lambda: charge.apply_async((order, amount), {"note": note}, countdown=30) and None)
    if FAULT == "other_key":
        note["zanzibar-more"] = "zanzibar"
    if FAULT == "twice":
        transaction.on_commit(lambda: charge.apply_async((order, amount), {"note": note}, countdown=30) and None)


def confirm(order: int) -> None:
    """Mail with all that a message may have."""
    body = f"Dear zanzibar, your order is {order}."
    token = {"X-Token": uuid4().hex} if os.environ.get("OUTGOING_WAY") == "tokens" else {}
    message = EmailMultiAlternatives(
        "Your order, zanzibar", body + ("!" * (FAULT == "other_body")), "shop@example.org", ["zanzibar@example.org"],
        bcc=["zanzibar-audit@example.org"], headers={"X-Order": str(order), **token},
    )  # fmt: skip
    message.attach_alternative(f"<p>{body}</p>", "text/html")
    message.attach("zanzibar.txt", b"paid" if FAULT == "other_attachment" else b"to be paid", "text/plain")
    message.send()


def announce() -> None:
    """Tell another server of the order."""
    if FAULT == "other_server":
        urllib.request.urlopen("http://elsewhere.example.org:8080/", timeout=5)
    ask()


def ask() -> str:
    """What the other server says."""
    with urllib.request.urlopen(os.environ["OUTGOING_HTTP"], timeout=5) as answer:
        found: str = answer.read().decode()
        return found


def later(send: Callable[[], Any]) -> None:
    """After the answer."""

    def run() -> None:
        time.sleep(LATE)
        send()

    threading.Thread(target=run).start()


urlpatterns = [path("orders/", Orders.as_view(), name="orders"), path("quotes/", Quotes.as_view(), name="quotes")]
