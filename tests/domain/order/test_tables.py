# ruff: noqa: E501 - rows of a table
"""The tables of tasks and actions, word for word: a row that changes by accident shows here.

A role with `*` sends an action only for its own unit's orders.
"""

from domain.office.words import Role
from domain.order.actions import ACTIONS
from domain.order.lifecycle import TASKS
from domain.order.words import Stage
from tests.domain.written import field, tasks


def actions() -> str:
    lines = []
    for action in ACTIONS.values():
        stages = [str(stage) for stage in Stage if stage in action.stages]
        roles = [
            f"{role}{'*' if role in action.at_the_unit else ''}" for role in Role if role in action.roles
        ]
        lines.append(
            " ".join(
                [f"{action.name} {'counted' if action.counted else 'uncounted'}", *map(field, action.fields)]
            )
        )
        lines += [f"  at {' '.join(stages)}", f"  by {' '.join(roles) or 'the system'}"]
    return "\n".join(lines) + "\n"


TASKS_AS_DECIDED = """\
first_contact at first_contact, reminds
  resolve closes text!^text
  refer closes text!text class?code(urgent general complex) unit?unit reject_reason?code(in_court_or_arbitration in_administrative_review petition_concluded no_public_matter emergency_call no_facts concluded_before not_ours)
  mark_duplicate stays back leading_order_no!order reason?text
classify at classification, reminds
  urgent closes category?category unit?unit
  general closes category?category unit?unit
  complex closes category?category unit?unit
  reject closes silence climbs reason!code(in_court_or_arbitration in_administrative_review petition_concluded no_public_matter emergency_call no_facts concluded_before not_ours) goes_to?code(city_hotline police court labour_arbitration labour_inspection legal_aid market_supervision health_hotline tax_office traffic_hotline telecom_complaints letters_and_visits another_street utility_company) text!^text
  mark_duplicate stays back leading_order_no!order reason?text
  split stays parts!parts
dispatch at dispatch, reminds
  assign closes lead_unit!unit helping_units?units
  reclassify stays class!code(urgent general complex) reason!code(wrong_facts more_difficult less_difficult danger)
acknowledge at handling
  accept closes
  send_back closes silence denies reason!code(not_competent out_of_area incomplete concluded_before) text!text
handle at handling, reminds
  report_result closes silence approves text!^text for_resident?^attachments attachments?attachments
  cannot_resolve closes silence climbs reason!code(beyond_competence no_legal_basis no_funding not_feasible third_party_refuses facts_not_established) text!text
  hand_up closes text!^text
  transfer stays silence denies unit!unit reason!code(not_competent out_of_area better_placed)
  request_extension stays silence denies due_at!>instant reason!code(facts_not_clear third_party documents_awaited weather procurement)
  request_pause stays silence denies until!>instant reason!code(third_party legal_procedure weather funding_awaited season)
  request_reclassification stays silence denies class!code(urgent general complex) reason!code(wrong_facts more_difficult less_difficult danger)
  ask_resident stays text!^text
assist at handling, reminds
  contribute closes text!text attachments?attachments
  decline closes reason!code(not_competent not_needed no_capacity)
review at review, reminds
  approve closes
  revise closes back text!text
explain at explaining, reminds
  explained closes how!code(phone visit letter message) at!<instant text!^text
follow_up at follow_up
  reached closes solved!code(yes partly no) satisfied!code(yes basically no) cause?code(unit request rule)
  not_reached closes
supervise at supervision, reminds
  take_over closes back
  urge closes back
  set_date closes back due_at!>instant
  accept_delay closes back until!>instant reason!code(facts_not_clear third_party documents_awaited weather procurement)
  conclude closes reason!code(no_solution_in_sight beyond_competence resident_unreachable taken_elsewhere) text!^text
"""

ACTIONS_AS_DECIDED = """\
supplement counted text!text attachments?attachments
  at received first_contact classification dispatch handling paused review explaining supervision replying follow_up
  by community_worker duty_officer street_desk unit_handler unit_head liaison call_back_officer
urge counted
  at received first_contact classification dispatch handling paused review explaining supervision
  by community_worker duty_officer street_desk street_leader district_desk call_back_officer
withdraw counted
  at received first_contact classification dispatch handling paused review explaining supervision joined
  by community_worker* duty_officer street_desk call_back_officer
supervise counted
  at handling paused explaining
  by street_leader district_desk
reassign counted unit!unit reason!text
  at handling paused explaining supervision
  by street_desk street_leader district_desk administrator
merge counted leading_order_no!order reason?text
  at received first_contact classification dispatch handling paused review explaining supervision
  by street_desk street_leader
resume counted
  at paused
  by community_worker* street_desk unit_handler* unit_head* liaison
rate counted solved!code(yes partly no) satisfied!code(yes basically no)
  at follow_up closed
  by call_back_officer
reopen counted text!text
  at closed
  by duty_officer street_desk call_back_officer
recalculate uncounted not_later_than?instant joined?order changed_from?instant
  at received first_contact classification dispatch handling paused review explaining supervision joined replying follow_up closed
  by the system
hold uncounted since!instant until!instant
  at received first_contact classification dispatch handling paused review explaining supervision joined replying follow_up closed
  by the system
release uncounted at!instant since?instant
  at received first_contact classification dispatch handling paused review explaining supervision joined replying follow_up closed
  by the system
answer uncounted
  at received first_contact classification dispatch handling paused review explaining supervision joined replying follow_up closed
  by the system
"""


class TestTheTable:
    def test_of_tasks_is_what_was_decided(self) -> None:
        assert tasks(TASKS.values()) == TASKS_AS_DECIDED

    def test_of_actions_is_what_was_decided(self) -> None:
        assert actions() == ACTIONS_AS_DECIDED
