"""The words of messages: plain sentences for residents and units.

Assumes that a text of staff is shown as it is, after a sentence that introduces it.
"""

from collections.abc import Callable

from domain.calendar.instants import local
from domain.duty.events import DutyTemplate
from domain.kinds import kind_of
from domain.matter.events import REMINDER
from domain.order.templates import Template
from messages.names import REQUESTER
from store.order.message.outgoing import Outgoing

_NO_TEXT = "详情请致电街道服务热线。"


def words(message: Outgoing) -> str:
    """Write a message out; an unknown template only says that the order has moved on, and never fails."""
    template = _TEMPLATES.get(message.template)
    news = template(message) if template else "有新的进展。"
    return f"【{kind_of(message.order_no).label} {message.order_no}】{news}"


def _when(message: Outgoing) -> str:
    if message.promised_at is None:
        return "尽快"
    guessed = "（暂定，节假日安排公布后确认）" if message.promise_is_provisional else ""
    return f"{local(message.promised_at):%m月%d日 %H:%M}前{guessed}"


def _text(message: Outgoing) -> str:
    return message.text or _NO_TEXT


def _due(message: Outgoing) -> str:
    return f"{local(message.due_at):%m月%d日 %H:%M}" if message.due_at else "近期"


def _reminder(message: Outgoing) -> str:
    label = kind_of(message.order_no).tables.tasks[message.data["kind"]].label
    return f"“{label}”即将到期，请及时办理。"


def _resumed(message: Outgoing) -> str:
    if message.recipient != REQUESTER:
        return "暂停已结束，请继续办理。"
    return f"您的诉求已恢复办理，我们承诺{_when(message)}答复您。"


def _split(message: Outgoing) -> str:
    parts = "；".join(f"订单 {part['part']}，查询码 {part['code']}" for part in message.data["parts"])
    return f"您反映的事项不止一件，已分别立单，承诺时间都从收到您的诉求时算起：{parts}。"


REASONS = {
    "in_court_or_arbitration": "已进入诉讼或仲裁",
    "in_administrative_review": "已进入行政复议",
    "petition_concluded": "信访已终结",
    "no_public_matter": "不属政府职责范围",
    "emergency_call": "属110、119、120受理",
    "no_facts": "无具体事实",
    "concluded_before": "同一事项已办结",
    "not_ours": "不属本街道职责",
}
PLACES = {
    "city_hotline": "市民热线12345",
    "police": "公安机关110",
    "court": "人民法院12368",
    "labour_arbitration": "劳动人事争议仲裁委员会12333",
    "labour_inspection": "劳动保障监察12333",
    "legal_aid": "法律援助12348",
    "market_supervision": "市场监管12315",
    "health_hotline": "卫生健康12320",
    "tax_office": "税务机关12366",
    "traffic_hotline": "交通运输12328",
    "telecom_complaints": "电信用户申诉12300",
    "letters_and_visits": "信访部门",
    "another_street": "事发地的街道办事处",
    "utility_company": "供水、供电、供气或通信企业",
}


def _rejected(message: Outgoing) -> str:
    why = message.rejection
    if why is None:
        return ""
    reason = f"（{REASONS.get(why.reason, why.reason)}）"
    return f"{reason}，请向{PLACES.get(why.goes_to, why.goes_to)}反映" if why.goes_to else reason


def _urged(message: Outgoing) -> str:
    count = int(message.data.get("count", 1))
    return f"上次提醒后又有{count}次催办，请尽快办理。" if count > 1 else "有人催办，请尽快办理。"


def _answered(message: Outgoing) -> str:
    said = "您的申请已同意。" if message.data.get("is_granted") else "您的申请未获同意，请按期完成。"
    return f"{said}{message.text or ''}"


_HELPED = {"contribute": "已提供协助", "decline": "表示不能协助", "silent": "未按时回复，您可自行继续办理"}

_TEMPLATES: dict[str, Callable[[Outgoing], str]] = {
    Template.ACCEPTED: lambda message: f"您的诉求已受理并派单，我们承诺{_when(message)}答复您。",
    Template.PROMISE_CONFIRMED: lambda message: f"法定节假日安排已公布，我们承诺{_when(message)}答复您。",
    Template.PROMISE_MOVED: lambda message: (
        f"因节假日安排调整，答复时间相应顺延，我们承诺{_when(message)}答复您。"
    ),
    Template.PASSED_ON: lambda message: (
        f"您的诉求已转上一级单位办理，预计{_due(message)}前有进展。原承诺时间：{_when(message)}。{message.text or ''}"
    ),
    Template.REPLIED_RESOLVED_ON_THE_SPOT: lambda message: f"答复：{_text(message)}",
    Template.REPLIED_RESOLVED: lambda message: f"您的诉求已办理，答复：{_text(message)}",
    Template.REPLIED_EXPLAINED: lambda message: f"您的诉求暂时无法解决，说明如下：{_text(message)}",
    Template.REPLIED_UNRESOLVED: lambda message: f"您的诉求未能解决，说明如下：{_text(message)}",
    Template.REPLIED_NOT_ACCEPTED: lambda message: (
        f"您的诉求按规定不予受理{_rejected(message)}，说明如下：{_text(message)}"
    ),
    Template.SPLIT: _split,
    Template.MERGED: lambda message: (
        f"您反映的事项已与同一事项的订单 {message.data['leading']} 合并办理，办理结果会一并告知您。"
    ),
    Template.EXTENDED: lambda message: f"您的诉求情况复杂，经批准延期，我们承诺{_when(message)}答复您。",
    Template.RECLASSIFIED: lambda message: f"您的诉求已重新分类，我们承诺{_when(message)}答复您。",
    Template.PAUSED: lambda _: "您的诉求因客观原因暂停办理，恢复后继续，承诺时间相应顺延。",
    Template.ASKED: lambda message: f"为办理您的诉求，请补充：{_text(message)}",
    Template.RESUMED: _resumed,
    Template.DELAYED: lambda message: f"您的诉求办理时间有所延后，预计{_due(message)}前有进展。",
    Template.GRANTED: lambda message: f"您的申请已同意。{message.text or ''}",
    Template.DENIED: lambda message: f"您的申请未获同意，请按期办理。{message.text or ''}",
    Template.HELPED: lambda message: (
        f"协办单位{_HELPED.get(str(message.data.get('outcome')), '有回复')}。{message.text or ''}"
    ),
    DutyTemplate.SHORTAGE: lambda message: (
        f"{message.data['community']} 本期院坝会尚未办结，离期末只剩五个工作日，请统筹安排。"
    ),
    DutyTemplate.MISSED: lambda message: (
        f"{message.data['period']} 的院坝会未按期办结，已记未完成并转街道领导督办；确已召开的请在三个工作日内补录。"
    ),
    DutyTemplate.URGED: lambda message: f"街道领导催办：请说明 {message.data['period']} 院坝会的情况。",
    DutyTemplate.ANSWERED: _answered,
    REMINDER: _reminder,
    Template.URGED: _urged,
}
