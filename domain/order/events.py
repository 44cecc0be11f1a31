"""The events that only an order has: names that stay in the history for good.

Assumes nothing: every value is spelled once, and travels unchanged through workflow, store, figures and pages.
"""

from enum import StrEnum


class EventName(StrEnum):
    """The name of an event, in the past tense (事件)."""

    ORDER_RECEIVED = "OrderReceived"
    ORDER_REFERRED = "OrderReferred"
    ORDER_CLASSIFIED = "OrderClassified"
    ORDER_DISPATCHED = "OrderDispatched"
    ORDER_HANDED_UP = "OrderHandedUp"
    ORDER_ESCALATED = "OrderEscalated"
    SUPERVISION_BEGAN = "SupervisionBegan"
    SUPERVISION_ORDERED = "SupervisionOrdered"
    ORDER_REPLIED = "OrderReplied"
    ORDER_SENT_BACK = "OrderSentBack"
    ORDER_TAKEN_OVER = "OrderTakenOver"
    REQUEST_GRANTED = "RequestGranted"
    REQUEST_DENIED = "RequestDenied"
    WORK_RESUMED = "WorkResumed"
    RESUMPTION_ORDERED = "ResumptionOrdered"
    REST_ENDED = "RestEnded"
    ROUND_BEGAN = "RoundBegan"
    ORDER_SUPPLEMENTED = "OrderSupplemented"
    ORDER_URGED = "OrderUrged"
    ORDER_RATED = "OrderRated"
    ORDER_REOPENED = "OrderReopened"
    ORDER_WITHDRAWN = "OrderWithdrawn"
    REQUESTER_LEFT = "RequesterLeft"
    ORDER_MERGED = "OrderMerged"
    LEADING_ANSWERED = "LeadingAnswered"
    MERGE_ORDERED = "MergeOrdered"
    MERGE_REFUSED = "MergeRefused"
    ORDER_SPLIT = "OrderSplit"
    ORDER_CLOSED = "OrderClosed"
    FOLLOW_UP_ENDED = "FollowUpEnded"
    REASSIGNMENT_ORDERED = "ReassignmentOrdered"
