"""Stories in which the office asks, waits, hands on or corrects itself; every person and place is fictional."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.teller import Story, Teller, Told


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
    await leading.decide("first_contact", "resolve", text="物业已更换整栋楼道灯。")
    (further,) = await told.split_off()
    await further.decide("first_contact", "resolve", text="已通知物业今天清运。")
    for each in (leading, further, neighbour, told):
        await each.decide("follow_up", "reached", solved="yes", satisfied="yes")
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


DETOURS: tuple[Story, ...] = (
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
