"""The stories of the demo: orders as residents would place them; every person and place is fictional.

Each is told over HTTP as channels and staff would do it, and says how it must end. Those in which the
office changes its mind stand in `detours`.
"""

import uuid
from datetime import UTC, datetime

from demo.detours import DETOURS
from demo.meetings import MEETINGS
from demo.teller import Story, Teller, Told, signal_by_cli


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
        pictures=1,
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
    *DETOURS,
    *MEETINGS,
)
