"""The story of an order, from the first contact to the archive.

Read `run` beside the procedure: one line for each step. All state is in the case, all waiting is behind
`case.answer`. An exception ends or joins an order early; it is caught here and nowhere else.
"""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

from workflows.matter import signals
from workflows.matter.state import Decided, Expired, HumanTask, Interrupted, NotForeseen
from workflows.order.case import Case
from workflows.order.state import Merged, Stood, Withdrawn
from workflows.order.steps.follow_up import follow_up
from workflows.order.steps.handling import explain, handle
from workflows.order.steps.joined import await_leading
from workflows.order.steps.review import ReviewVerdict, review

with workflow.unsafe.imports_passed_through():
    from domain.office.directory import OFFICE
    from domain.office.responsibility import STREET_DESK
    from domain.office.words import OrderClass, Tier
    from domain.order.actions import ActionName
    from domain.order.deadlines import Basis
    from domain.order.events import EventName
    from domain.order.lifecycle import TaskKind
    from domain.order.words import Ending, Stage
    from messages.matter.signals import CompleteTask, MatterAction
    from messages.names import COMPLETE_TASK, ORDER, ORDER_ACTION, STATUS
    from messages.order.workflow import OrderArchived, OrderStatus, StartOrder


@workflow.defn(name=ORDER)
class OrderWorkflow:
    """An order (工单): one durable run until the resident has an answer and was asked whether it helped."""

    @workflow.init
    def __init__(self, start: StartOrder) -> None:
        """Create all state, since signals may arrive before `run`."""
        self.case = Case(start)

    @workflow.run
    async def run(self, start: StartOrder) -> OrderArchived:  # noqa: ARG002 - the SDK wants it here too
        """Serve the resident, close, and serve again if the order is reopened."""
        while True:
            try:
                await self.serve()
            except Withdrawn:
                self.case.withdraw()
            except Merged as merged:
                self.case.merge(str(merged))
                continue
            if not await self.close():
                return await self.archive()

    async def serve(self) -> None:
        """Work, answer, ask; and again while the resident says no and the unit is the cause."""
        if self.case.state.stage is Stage.JOINED:
            await await_leading(self.case)
        else:
            if not (self.case.state.round == 1 and await self.first_contact()):
                await self.work()
            self.reply()
        while await follow_up(self.case):
            self.case.rework()
            await self.work()
            self.reply()

    async def first_contact(self) -> bool:
        """Wait for the first contact to answer, or refer with a preliminary opinion (首问、即接即办)."""
        case = self.case
        (first,) = case.state.open_tasks.values()
        rejected = None
        match await case.answer(first):
            case Decided(outcome="resolve") as decided:
                case.end(Ending.RESOLVED_ON_THE_SPOT, decided)
                return True
            case Decided(outcome="refer") as decided:
                suggested = decided.chosen("class")
                case.state.suggested_class = OrderClass(suggested) if suggested else None
                case.state.suggested_unit = decided.chosen("unit")
                rejected = decided.chosen("reject_reason")
            case Expired():
                # No officer answered in time: the order is referred as it stands.
                pass
            case other:
                raise NotForeseen("first_contact", other)
        case.note(
            EventName.ORDER_REFERRED,
            suggested_class=case.state.suggested_class,
            unit=case.state.suggested_unit,
            reject_reason=rejected,
        )
        return False

    async def work(self) -> None:
        """Find a unit, if there is none yet, and have it work; again if the order goes to another unit."""
        if self.case.state.lead is None:
            if not await self.classify():
                return
            await self.sign()
        elif self.case.state.round > 1:
            await self.find_lead()
        while not await handle(self.case):
            await self.sign()

    async def find_lead(self) -> None:
        """Give the order back to its last unit, or to the one that has taken its place since."""
        lead = (await self.case.route()).lead
        if lead is not None and lead.code != self.case.state.unit:
            self.case.assign(lead.code, rule="successor")

    async def classify(self) -> bool:
        """Classify by urgency and difficulty (分类接单), and dispatch; `False` if it is not accepted."""
        case, state = self.case, self.case.state
        asked = self.ask_desk(Stage.CLASSIFICATION, TaskKind.CLASSIFY)
        while True:
            match await case.answer(asked):
                case Decided(outcome="split") as decided:
                    case.split(decided)
                case Decided(outcome="reject") as decided:
                    verdict = await review(case, decided)
                    if verdict is not ReviewVerdict.REVISED:
                        unanswered = verdict is ReviewVerdict.UNANSWERED
                        await explain(case, STREET_DESK, Ending.NOT_ACCEPTED, supervised=unanswered)
                        return False
                    asked = self.ask_desk(Stage.CLASSIFICATION, TaskKind.CLASSIFY)
                case Decided(outcome="urgent" | "general" | "complex") as decided:
                    case.categorise(decided.chosen("category"))
                    case.classify(OrderClass(decided.outcome), rule="desk")
                    await self.dispatch(decided.chosen("unit"))
                    return True
                case Expired():
                    order_class, rule = state.suggested_class, "suggested"
                    if order_class is None:
                        order_class, rule = OrderClass(case.routing.usual_class), "usual"
                    case.classify(order_class, rule=rule)
                    await self.dispatch(None)
                    return True
                case other:
                    raise NotForeseen("classify", other)

    def ask_desk(self, stage: Stage, kind: TaskKind) -> HumanTask:
        """Put the order before the street's one desk."""
        case = self.case
        case.enter(stage)
        case.state.unit, case.state.tier = OFFICE, Tier.STREET
        urgent = (case.state.order_class or case.state.suggested_class) is OrderClass.URGENT
        return case.begin(kind, Basis.DESK, STREET_DESK, on_duty=urgent)

    async def dispatch(self, unit: str | None) -> None:
        """Send the order to a unit from one desk (统一派单)."""
        case, state = self.case, self.case.state
        if unit is not None:
            case.assign(unit, rule="desk")
            return
        asked = self.ask_desk(Stage.DISPATCH, TaskKind.DISPATCH)
        while True:
            match await case.answer(asked):
                case Decided(outcome="reclassify") as decided:
                    state.reclassified = True
                    case.classify(OrderClass(decided.chosen("class") or ""), rule="reclassified")
                    case.offer_anew(asked)
                case Decided(outcome="assign") as decided:
                    unit = decided.chosen("lead_unit") or ""
                    state.helping = list(decided.said.fields.get("helping_units") or ())
                    case.assign(unit, rule="desk")
                    return
                case Expired():
                    routed = case.routing.first
                    case.assign(routed.code, rule=routed.rule, passed_over=routed.passed_over)
                    return
                case other:
                    raise NotForeseen("dispatch", other)

    async def sign(self) -> None:
        """Find a unit that takes the order; the policy caps how often units send it back."""
        while not await self.acknowledge():
            if self.case.state.lead is None:
                await self.dispatch(None)

    async def acknowledge(self) -> bool:
        """Have the unit sign for the order (签收); return `False` if another unit has to. Silence accepts."""
        case, state = self.case, self.case.state
        case.enter(Stage.HANDLING)
        sign = case.begin(TaskKind.ACKNOWLEDGE, Basis.ACKNOWLEDGE, case.worker)
        match await case.answer(sign):
            case Interrupted(said) if said.action == ActionName.REASSIGN:
                case.supersede(sign)
                unit = str(said.fields["unit"])
                case.assign(unit, rule="reassigned")
                return False
            case Interrupted(said) if said.action == ActionName.SUPERVISE:
                # A leader does not wait for the signature: the work begins under supervision.
                case.supersede(sign)
                state.supervised_from_start = True
            case Decided(outcome="send_back") as decided:
                began = case.stood(sign, at=decided.at).began
                stood = Stood(began, case.work_clock(since=began))
                if await review(case, decided) is ReviewVerdict.APPROVED:
                    state.returns += 1
                    state.lead = None
                    case.note(EventName.ORDER_SENT_BACK, unit=decided.task.unit, returns=state.returns)
                    return False
                state.stood = stood
            case Decided(outcome="accept") | Expired():
                pass
            case other:
                raise NotForeseen("acknowledge", other)
        return True

    def reply(self) -> None:
        """Tell the resident the result, or why it cannot be done, and hide nothing (答复)."""
        self.case.enter(Stage.REPLYING)
        self.case.reply()

    async def close(self) -> bool:
        """Keep the reopening window, in which late ratings count; return `True` if the order is reopened."""
        case = self.case
        case.enter(Stage.CLOSED)
        case.note(EventName.ORDER_CLOSED, ending=case.state.ending)
        match await case.answer(case.window()):
            case Interrupted(said) if said.action == ActionName.REOPEN:
                case.reopen()
                return True
            case Expired():
                return False
            case other:
                raise NotForeseen("close", other)

    async def archive(self) -> OrderArchived:
        """End the order: record everything, and send every message or give it up."""
        await self.case.settle()
        state = self.case.state
        return OrderArchived(
            order_no=self.case.start.order_no,
            ending=state.ending or "",
            rounds=state.round,
            escalations=state.escalations,
            overdue=state.overdue,
        )

    @workflow.signal(
        name=COMPLETE_TASK,
        description="Finish a human task: {task_id, decision_id, actor, outcome, fields, comment}",
    )
    def complete_task(self, raw: RawValue) -> None:
        """Put a decision into the inbox; whatever it holds, this raises nothing and awaits nothing."""
        self.case.judge.hear(self.case.reader.read(CompleteTask, COMPLETE_TASK, raw))

    @workflow.signal(name=ORDER_ACTION, description="Act on the order: {action_id, actor, action, fields}")
    def order_action(self, raw: RawValue) -> None:
        """Put an action into the inbox, in the same way as `complete_task`."""
        self.case.judge.hear(self.case.reader.read(MatterAction, ORDER_ACTION, raw))

    @workflow.signal(dynamic=True, description="Any other name: refused and recorded")
    def misspelt(self, name: str, args: Sequence[RawValue]) -> None:  # noqa: ARG002 - the SDK's signature
        """Keep a signal of unknown name, so that its sender sees it refused instead of lost."""
        self.case.judge.hear(signals.unknown(name))

    @workflow.query(name=STATUS, description="The order, its open tasks and the signals it refused")
    def status(self) -> OrderStatus:
        """Return how the order stands, for operators and tests; pages read the store."""
        return self.case.status()
