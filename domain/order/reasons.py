"""Closed lists: why an order is not accepted (不予受理), and which bodies answer for outside matters.

Source: our decision, ADR-0017; the telephone numbers of these bodies are national ones.
"""

from typing import Final

NOT_OURS: Final = "not_ours"
"""The reason that has to name where the order goes."""
REJECT: Final = (
    "in_court_or_arbitration",
    "in_administrative_review",
    "petition_concluded",
    "no_public_matter",
    "emergency_call",
    "no_facts",
    "concluded_before",
    NOT_OURS,
)
"""The reasons not to accept an order."""
GOES_TO: Final = (
    "city_hotline",
    "police",
    "court",
    "labour_arbitration",
    "labour_inspection",
    "legal_aid",
    "market_supervision",
    "health_hotline",
    "tax_office",
    "traffic_hotline",
    "telecom_complaints",
    "letters_and_visits",
    "another_street",
    "utility_company",
)
"""The bodies that answer for matters outside the office."""
