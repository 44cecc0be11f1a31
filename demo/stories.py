"""The stories of the demo: orders as residents would place them; every person and place is fictional.

Each is told over HTTP as channels and staff would do it, and says how it must end.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.teller import PATIENCE, StoryFailed, Teller, Told, signal_by_cli


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """What is told, and how the order must end: `ends` are fields of the order."""

    title: str
    tell: Callable[[Teller], Awaitable[Told]]
    ends: Mapping[str, Any]


async def _vehicles(teller: Teller) -> Told:
    told = await teller.place(
        "hotline",
        {
            "kind": "complaint",
            "subject": "路边长期停放废弃车辆",
            "description": (
                "小区东门外的支路上停着五辆没有牌照的报废车，"
                "轮胎都瘪了，占了半条路，晚上停车很困难，请尽快清走。"
            ),
            "requester": {"name": "居民甲（虚构）", "phone": "000-0000-0001"},
            "place": {"community": "community-03", "address": "银杏坡社区东门支路（虚构）"},
            "category": "city_appearance",
        },
    )
    await told.decide(
        "first_contact",
        "refer",
        text="情况属实，需城管部门清理，初步意见：按一般件受理。",
        **{"class": "general"},
    )
    await told.decide("classify", "general")
    await told.decide("dispatch", "assign", lead_unit="street-urban-management")
    await told.decide("acknowledge", "accept")
    await told.report("五辆废弃车辆已全部拖离，并在路口增设了禁停标志。", pictures=2)
    await told.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return told


async def _on_the_spot(teller: Teller) -> Told:
    told = await teller.place(
        "wechat",
        {
            "kind": "inquiry",
            "description": "我换了工作单位，想把党员组织关系转到社区来，需要带什么材料？",
            "requester": {"wechat_openid": "fictional-openid"},
            "place": {"community": "community-07"},
            "category": "party_affairs",
        },
    )
    await told.decide(
        "first_contact", "resolve", text="请在原支部开具介绍信，带身份证到社区党群服务中心办理，当场办结。"
    )
    await told.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return told


async def _untouched(teller: Teller) -> Told:
    told = await teller.place(
        "web",
        {
            "kind": "complaint",
            "subject": "广场舞音量太大",
            "description": "每天晚上十点以后楼下还在放音乐跳舞，孩子第二天要上学，反映过几次都没有人管。",
            "place": {"community": "community-05"},
            "category": "noise",
        },
    )
    task = await told.supervised(2)
    await teller.post(
        f"/api/v1/tasks/{task['task_id']}/decision?wait=10",
        {
            "outcome": "conclude",
            "fields": {
                "reason": "no_solution_in_sight",
                "text": "场地暂时无法更换，已与活动队伍约定晚九点结束，将持续巡查。",
            },
        },
        teller.somebody_for(task),
        status=200,
    )
    return told


async def _explained(teller: Teller) -> Told:
    told = await teller.place(
        "counter",
        {
            "kind": "assistance",
            "subject": "申请在人行道加装充电桩",
            "description": "楼下人行道很宽，希望街道批准我自己装一个电动汽车充电桩。",
            "requester": {"name": "居民丁（虚构）", "phone": "000-0000-0004"},
            "place": {"community": "community-09"},
            "category": "utilities",
        },
    )
    await told.decide("first_contact", "refer", text="涉及公共用地，建议由建设部门答复。")
    await told.decide("classify", "general", unit="street-construction")
    await told.decide("acknowledge", "accept")
    await told.decide(
        "handle", "cannot_resolve", reason="no_legal_basis", text="人行道属公共用地，不能批准个人安装。"
    )
    await told.decide("review", "approve")
    await told.decide(
        "explain",
        "explained",
        how="phone",
        at=datetime.now(UTC).isoformat(),
        text="已电话说明规定，并告知最近的公共充电站位置。",
    )
    await told.decide("follow_up", "reached", solved="no", satisfied="basically", cause="rule")
    return told


async def _withdrawn(teller: Teller) -> Told:
    told = await teller.place(
        "web",
        {
            "kind": "report",
            "description": "三单元楼道灯不亮了。",
            "place": {"community": "community-02"},
            "category": "public_facilities",
        },
    )
    await told.decide("first_contact", "refer", text="转社区查看。")
    await told.resident("messages", {"text": "刚才物业来看过了。"})
    await told.resident("withdraw")
    return told


async def _reopened(teller: Teller) -> Told:
    told = await teller.place(
        "home_visit",
        {
            "kind": "assistance",
            "subject": "独居老人燃气灶打不着火",
            "description": "上门走访时老人说燃气灶打不着，已经吃了两天冷饭。",
            "requester": {"name": "居民己（虚构）", "phone": "000-0000-0006"},
            "place": {"community": "community-11"},
            "category": "welfare",
            "received_by": "community-11-worker",
        },
    )
    await told.decide("first_contact", "resolve", text="当场更换了电池，灶具恢复使用。")
    await told.decide("follow_up", "reached", solved="yes", satisfied="yes")
    await told.reaches("closed")
    await told.resident("reopen", {"text": "今天又打不着了，像是阀门的问题。"})
    await told.decide("classify", "urgent", unit="community-11")
    await told.decide("acknowledge", "accept")
    await told.report("已请燃气公司上门更换阀门，现场试火正常。")
    await told.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return told


async def _complex(teller: Teller) -> Told:
    told = await teller.place(
        "superior",
        {
            "kind": "suggestion",
            "subject": "老旧小区加装电梯",
            "description": "我们小区六层没有电梯，老人多，希望纳入今年的加装电梯计划。",
            "requester": {"phone": "000-0000-0007"},
            "place": {"community": "community-12"},
            "category": "old_housing",
        },
    )
    await told.decide(
        "first_contact", "refer", text="涉及区级计划，建议按复杂件报区住建部门。", **{"class": "complex"}
    )
    await told.decide("classify", "complex")
    await told.decide("dispatch", "assign", lead_unit="district-housing")
    await told.decide("acknowledge", "accept")
    await told.report("该小区已列入本年度加装电梯意向名单，社区将组织居民征求意见。")
    await told.decide("follow_up", "reached", solved="partly", satisfied="basically")
    return told


async def _by_operator(teller: Teller) -> Told:
    told = await teller.place(
        "hotline",
        {
            "kind": "inquiry",
            "description": "社区食堂周末开不开门？",
            "requester": {"phone": "000-0000-0008"},
            "place": {"community": "community-01"},
            "category": "consultation",
        },
    )
    task = await told.task("first_contact")
    payload = {
        "task_id": task["task_id"],
        "decision_id": f"ops-{teller.stamp}-{uuid.uuid4().hex[:6]}",
        "actor": "administrator-1",
        "outcome": "resolve",
        "fields": {},
        "comment": "周末照常开放，午餐十一点开始。",
    }
    await signal_by_cli(teller, told.order_no, payload)
    await told.decide("follow_up", "not_reached")
    await told.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return told


async def _rework(teller: Teller) -> Told:
    told = await teller.place(
        "courtyard_visit",
        {
            "kind": "complaint",
            "subject": "垃圾分类亭异味",
            "description": "院坝会上多位居民反映垃圾分类亭几天没有清运，气味很大。",
            "requester": {"phone": "000-0000-0009"},
            "place": {"community": "community-06"},
            "category": "property_management",
        },
    )
    await told.decide("first_contact", "refer", text="请社区督促物业清运。")
    await told.decide("classify", "general", unit="community-06")
    await told.decide("acknowledge", "accept")
    await told.report("已通知物业清运。")
    await told.decide("follow_up", "reached", solved="no", satisfied="no", cause="unit")
    await told.report("已现场监督清运和冲洗，物业改为每天两次清运。")
    await told.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return told


async def _rejected(teller: Teller) -> Told:
    told = await teller.place(
        "hotline",
        {
            "kind": "complaint",
            "description": "我和房东的押金官司法院已经立案，请街道让房东先退钱。",
            "requester": {"phone": "000-0000-0010"},
            "place": {"community": "community-04"},
            "category": "neighbourhood",
        },
    )
    await told.decide(
        "first_contact", "refer", text="已进入诉讼，建议不予受理。", reject_reason="in_court_or_arbitration"
    )
    await told.decide("classify", "reject", reason="in_court_or_arbitration", text="法院已立案，由法院裁判。")
    await told.decide("review", "approve")
    await told.decide(
        "explain",
        "explained",
        how="phone",
        at=datetime.now(UTC).isoformat(),
        text="已说明应由法院裁判，并告知法律援助电话。",
    )
    await told.decide("follow_up", "reached", solved="no", satisfied="basically", cause="rule")
    return told


async def _jointly(teller: Teller) -> Told:
    told = await teller.place(
        "wechat",
        {
            "kind": "report",
            "subject": "围墙开裂",
            "description": "幼儿园旁边的围墙裂了一条大缝，孩子每天从下面走，很危险。",
            "requester": {"wechat_openid": "fictional-openid-2"},
            "place": {"community": "community-08"},
            "category": "safety",
        },
    )
    await told.decide("first_contact", "refer", text="需应急安全办牵头。", **{"class": "general"})
    await told.decide("classify", "complex")
    await told.decide(
        "dispatch",
        "assign",
        lead_unit="street-safety",
        helping_units=["community-08", "district-planning"],
    )
    await told.decide("acknowledge", "accept")
    await told.decide("handle", "ask_resident", text="请问裂缝在围墙的哪一段？")
    await told.resident("messages", {"text": "靠近南门的那一段。"})
    await told.decide("assist", "contribute", text="已拉警戒线并安排人员看守。")
    until = (datetime.now(UTC) + timedelta(seconds=59)).isoformat()
    await told.decide("handle", "request_extension", due_at=until, reason="third_party")
    await told.decide("review", "approve")
    await told.report("围墙危险段已拆除重建。", pictures=1)
    await told.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return told


async def _sent_back(teller: Teller) -> Told:
    told = await teller.place(
        "counter",
        {
            "kind": "assistance",
            "subject": "路灯不亮",
            "description": "巷口两盏路灯坏了一个多月，晚上老人不敢出门。",
            "requester": {"phone": "000-0000-0011"},
            "place": {"community": "community-10"},
            "category": "traffic",
        },
    )
    await told.decide("first_contact", "refer", text="请派单。")
    await told.decide("classify", "complex", unit="community-10")
    await told.decide("acknowledge", "send_back", reason="not_competent", text="路灯不归社区维护。")
    await told.decide("review", "approve")
    await told.decide("dispatch", "assign", lead_unit="street-urban-management")
    await told.decide("acknowledge", "accept")
    await told.decide("handle", "transfer", unit="street-construction", reason="better_placed")
    await told.decide("review", "approve")
    await told.decide("acknowledge", "accept")
    until = (datetime.now(UTC) + timedelta(seconds=8)).isoformat()
    await told.decide("handle", "request_pause", until=until, reason="third_party")
    await told.decide("review", "approve")
    await told.reaches("paused")
    await told.act("desk-1", "resume")
    await told.decide("handle", "report_result", text="已报修。")
    await told.decide("review", "revise", text="报修不算办结，请修好再报。")
    await told.report("两盏路灯已更换，夜间亮灯正常。")
    await told.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return told


async def _taken_over(teller: Teller) -> Told:
    told = await teller.place(
        "web",
        {
            "kind": "complaint",
            "subject": "几个部门都说不归自己管的路牌",
            "description": "路牌被风吹倒压住了人行道，打了三个电话都说不是自己的。",
            "requester": {"phone": "000-0000-0012"},
            "place": {"community": "community-01"},
            "category": "traffic",
        },
    )
    await told.decide("first_contact", "refer", text="权属不清，请派单。")
    await told.decide("classify", "general", unit="street-urban-management")
    await told.decide("acknowledge", "accept")
    await told.task("handle")
    await told.act("leader-1", "supervise")
    await told.decide("supervise", "take_over")
    await told.report("街道领导现场协调，路牌已移除并由城管办管护。")
    await told.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return told


async def _joined(teller: Teller) -> Told:
    lamps: dict[str, Any] = {
        "kind": "report",
        "subject": "楼道灯全灭",
        "requester": {"phone": "000-0000-0013"},
        "place": {"community": "community-02"},
        "category": "property_management",
    }
    leading = await teller.place("hotline", {**lamps, "description": "三号楼楼道灯全灭，老人摔了一跤。"})
    told = await teller.place("wechat", {**lamps, "description": "三号楼楼道没有灯。另外垃圾桶也满了几天。"})
    neighbour = await teller.place("web", {**lamps, "description": "三号楼楼道灯坏了。"})
    await neighbour.decide("first_contact", "mark_duplicate", leading_order_no=leading.order_no)
    await told.decide("first_contact", "refer", text="一单两诉，楼道灯已有工单。")
    await told.decide("classify", "split", parts=[{"text": "垃圾桶满了几天没有清运。"}])
    await told.decide("classify", "mark_duplicate", leading_order_no=leading.order_no)
    (further,) = await told.split_off()
    await further.decide("first_contact", "resolve", text="已通知物业今天清运。")
    await further.decide("follow_up", "reached", solved="yes", satisfied="yes")
    await leading.decide("first_contact", "resolve", text="物业已更换整栋楼道灯。")
    await leading.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return told


async def _supervised(teller: Teller) -> Told:
    told = await teller.place(
        "web",
        {
            "kind": "complaint",
            "subject": "河边步道塌陷",
            "description": "河边步道塌了一块，只拉了绳子，两周没人修。",
            "requester": {"phone": "000-0000-0014"},
            "place": {"community": "community-05"},
            "category": "welfare",
        },
    )
    await told.decide("first_contact", "refer", text="请社区先围挡。")
    await told.decide("classify", "general")
    await told.decide("dispatch", "reclassify", reason="more_difficult", **{"class": "complex"})
    await told.decide("dispatch", "assign", lead_unit="community-05", helping_units=["street-peace"])
    await told.decide("acknowledge", "accept")
    await told.decide("assist", "decline", reason="not_needed")
    await told.resident("messages", {"text": "昨天又塌了一截。"})
    await told.decide("handle", "hand_up", text="社区没有维修资金，已报街道。")
    await told.resident("urge")
    soon = (datetime.now(UTC) + timedelta(seconds=40)).isoformat()
    for outcome, fields in (
        ("set_date", {"due_at": soon}),
        ("accept_delay", {"until": soon, "reason": "weather"}),
        ("urge", {}),
    ):
        await told.act("leader-1", "supervise")
        await told.decide("supervise", outcome, **fields)
    await told.report("步道已修复并加装护栏。")
    await told.reaches("follow_up")
    await told.resident("rating", {"solved": "yes", "satisfied": "basically"})
    return told


async def _reassigned(teller: Teller) -> Told:
    told = await teller.place(
        "superior",
        {
            "kind": "suggestion",
            "subject": "增设母婴室",
            "description": "希望便民服务中心增设母婴室。",
            "requester": {"phone": "000-0000-0015"},
            "place": {"community": "community-11"},
            "category": "party_affairs",
        },
    )
    await told.decide("first_contact", "refer", text="请研究。")
    await told.decide("classify", "general", unit="street-general")
    await told.decide("acknowledge", "accept")
    await told.decide("handle", "request_reclassification", reason="more_difficult", **{"class": "complex"})
    await told.decide("review", "approve")
    await told.task("handle")
    await told.act("desk-1", "reassign", unit="street-livelihood", reason="母婴服务归民生办。")
    await told.decide("acknowledge", "accept")
    await told.report("母婴室已在一楼开放。")
    await told.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return told


STORIES: tuple[Story, ...] = (
    Story(
        title="热线：五辆废弃车辆，街道城管办清走，居民满意",
        tell=_vehicles,
        ends={"ending": "resolved", "unit": "street-urban-management", "escalations": 0, "overdue": False},
    ),
    Story(
        title="微信：党员组织关系怎么转，当场答复", tell=_on_the_spot, ends={"ending": "resolved_on_the_spot"}
    ),
    Story(
        title="网站：没有留联系方式，也没有任何人办理，逐级上报直到督办终结",
        tell=_untouched,
        ends={"ending": "unresolved", "tier": "district", "escalations": 2, "overdue": True},
    ),
    Story(title="窗口：不能批准，说明理由", tell=_explained, ends={"ending": "explained"}),
    Story(title="网站：居民自己撤回", tell=_withdrawn, ends={"ending": "withdrawn"}),
    Story(title="上门：当场办结后又坏了，重开再办", tell=_reopened, ends={"ending": "resolved", "round": 2}),
    Story(
        title="上级转来：加装电梯，复杂件交区住建局",
        tell=_complex,
        ends={"ending": "resolved", "class": "complex", "tier": "district"},
    ),
    Story(
        title="热线：由运维人员用 Temporal 命令行代为答复",
        tell=_by_operator,
        ends={"ending": "resolved_on_the_spot"},
    ),
    Story(title="院坝会：居民不满意，退回重办", tell=_rework, ends={"ending": "resolved", "round": 2}),
    Story(title="热线：已进入诉讼，经审核不予受理", tell=_rejected, ends={"ending": "not_accepted"}),
    Story(
        title="微信：围墙开裂，多单位协办，请居民补充，经批准延期",
        tell=_jointly,
        ends={"ending": "resolved", "unit": "street-safety", "overdue": False},
    ),
    Story(
        title="窗口：退单、转办、暂停、审核退回，最后修好",
        tell=_sent_back,
        ends={"ending": "resolved", "unit": "street-construction", "round": 1},
    ),
    Story(
        title="网站：无人认领的路牌，领导接办",
        tell=_taken_over,
        ends={"ending": "resolved", "unit": "street", "escalations": 0},
    ),
    Story(title="微信：一单两诉拆开办，与邻居的工单合并", tell=_joined, ends={"ending": "merged"}),
    Story(
        title="网站：改类、协办推辞、上报街道，领导限期、延后、催办",
        tell=_supervised,
        ends={"ending": "resolved", "tier": "street", "class": "complex", "escalations": 1},
    ),
    Story(
        title="上级转来：申请改类，派单台改派，建成母婴室",
        tell=_reassigned,
        ends={"ending": "resolved", "unit": "street-livelihood", "class": "complex"},
    ),
)


async def tell(story: Story, teller: Teller) -> Told:
    """Tell a story to its end, and check that it ended as told.

    Raises:
        StoryFailed: it did not.
    """
    try:
        told = await story.tell(teller)
        await told.reaches("archived")
    except TimeoutError:
        raise StoryFailed(f"nothing happened for {PATIENCE.total_seconds():g} s") from None
    order = await told.order()
    wrong = [
        f"{name} is {order[name]!r}, not {value!r}"
        for name, value in story.ends.items()
        if order[name] != value
    ]
    if wrong:
        raise StoryFailed(f"{told.order_no}: {'; '.join(wrong)}")
    return told
