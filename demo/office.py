"""The demo office: every unit, name and person is fictional.

Assumes the unit codes of the first directory; a test compares them.
"""

from dataclasses import replace
from datetime import date, datetime

from domain.office.directory import DISTRICT_OFFICE, OFFICE, Unit
from domain.office.teams import Team
from domain.office.words import Role, Tier
from domain.order.words import Channel
from store.database import Store
from store.office.directory import current_named, load
from store.office.people import StaffRow, put_duty, put_staff, put_units
from store.signin.credentials import put_client

_COMMUNITY_NAMES = (
    "梧桐里",
    "清波苑",
    "银杏坡",
    "石桥铺",
    "望江台",
    "柳荫巷",
    "新月湾",
    "松涛园",
    "荷塘街",
    "晨光坊",
    "云岭路",
    "金穗家园",
)
_STREET_NAMES = {
    "street-general": "综合办公室",
    "street-urban-management": "城市管理办公室",
    "street-construction": "规划建设办公室",
    "street-safety": "应急安全办公室",
    "street-livelihood": "民生服务办公室",
    "street-party-affairs": "党群工作办公室",
    "street-peace": "平安法治办公室",
}
_DISTRICT_NAMES = {
    "district-general": "区综合受理科",
    "district-urban-management": "区城市管理局",
    "district-traffic": "区交通局",
    "district-housing": "区住房建设局",
    "district-planning": "区规划局",
    "district-emergency": "区应急管理局",
    "district-civil-affairs": "区民政局",
    "district-education": "区教育局",
    "district-health": "区卫生健康局",
    "district-market-supervision": "区市场监管局",
}

UNITS: tuple[Unit, ...] = (
    Unit(code=DISTRICT_OFFICE, name="示例区订单中心", tier=Tier.DISTRICT, parent=None),
    Unit(code=OFFICE, name="云岭街道办事处（示例）", tier=Tier.STREET, parent=DISTRICT_OFFICE),
    *(
        Unit(code=f"community-{number:02}", name=f"{name}社区", tier=Tier.COMMUNITY, parent=OFFICE)
        for number, name in enumerate(_COMMUNITY_NAMES, 1)
    ),
    *(Unit(code=code, name=name, tier=Tier.STREET, parent=OFFICE) for code, name in _STREET_NAMES.items()),
    *(
        Unit(code=code, name=name, tier=Tier.DISTRICT, parent=DISTRICT_OFFICE)
        for code, name in _DISTRICT_NAMES.items()
    ),
)


def _person(username: str, name: str, unit: str, *roles: Role) -> StaffRow:
    return StaffRow(username=username, name=f"{name}（虚构）", unit=unit, roles=roles)


_WORKERS = ("安禾", "白露", "常青", "丁香", "方舟", "谷雨", "何夕", "江澄", "康宁", "黎明", "莫晓", "宁远")
_HANDLERS = ("齐平", "任真", "沈静", "唐果", "卫蓝", "夏至", "叶知秋")
_DISTRICT_HEADS = ("安泰", "伯言", "承志", "大勇", "恩泽", "福田", "冠英", "弘毅", "嘉木", "景行")
_DISTRICT_HANDLERS = ("余晖", "章程", "郑好", "周全", "祝捷", "邹远", "左右", "安然", "柏舟", "采薇")

STAFF: tuple[StaffRow, ...] = (
    *(
        _person(f"community-{number:02}-worker", name, f"community-{number:02}", Role.COMMUNITY_WORKER)
        for number, name in enumerate(_WORKERS, 1)
    ),
    *(
        _person(f"{code}-handler", name, code, Role.UNIT_HANDLER)
        for code, name in zip(_STREET_NAMES, _HANDLERS, strict=True)
    ),
    _person("street-urban-management-head", "高山", "street-urban-management", Role.UNIT_HEAD),
    _person("street-construction-head", "金石", "street-construction", Role.UNIT_HEAD),
    _person("street-livelihood-head", "温言", "street-livelihood", Role.UNIT_HEAD),
    *(
        _person(f"{code}-handler", name, code, Role.UNIT_HANDLER)
        for code, name in zip(_DISTRICT_NAMES, _DISTRICT_HANDLERS, strict=True)
    ),
    *(
        _person(f"{code}-head", name, code, Role.UNIT_HEAD)
        for code, name in zip(_DISTRICT_NAMES, _DISTRICT_HEADS, strict=True)
    ),
    _person("duty-1", "纪晨", OFFICE, Role.DUTY_OFFICER),
    _person("duty-2", "陆鸣", OFFICE, Role.DUTY_OFFICER),
    _person("duty-3", "苗青", OFFICE, Role.DUTY_OFFICER),
    _person("desk-1", "潘序", OFFICE, Role.STREET_DESK),
    _person("desk-2", "石头", OFFICE, Role.STREET_DESK),
    _person("call-back-1", "田心", OFFICE, Role.CALL_BACK_OFFICER),
    _person("call-back-2", "闻声", OFFICE, Role.CALL_BACK_OFFICER),
    _person("leader-1", "严正", OFFICE, Role.STREET_LEADER),
    _person("leader-2", "顾远", OFFICE, Role.STREET_LEADER),
    _person("liaison-1", "于桥", OFFICE, Role.LIAISON),
    _person("district-desk-1", "詹台", DISTRICT_OFFICE, Role.DISTRICT_DESK),
    _person("auditor-1", "钟明", OFFICE, Role.AUDITOR),
    _person("administrator-1", "竺可", OFFICE, Role.ADMINISTRATOR),
)

_ADMINISTRATOR = "administrator-1"
DUTY: dict[tuple[str, int], str] = {
    (channel.value, weekday): f"duty-{weekday % 3 + 1}" for channel in Channel for weekday in range(7)
}
"""Who answers first, by channel and weekday (Monday 0)."""

CLIENTS: dict[str, str] = {f"demo-{channel.value.replace('_', '-')}": channel.value for channel in Channel}
"""One client for each channel."""


TEAMS: tuple[Team, ...] = tuple(
    Team(
        code=code,
        leader=leader,
        deputy=deputy,
        department=department,
        communities=tuple(f"community-{number:02}" for number in communities),
        valid_from=date(2026, 1, 1),
    )
    for code, leader, deputy, department, communities in (
        ("T1", "leader-1", "leader-2", "street-urban-management", (1, 3)),
        ("T2", "leader-2", "leader-1", "street-livelihood", (5, 7)),
        ("T3", "leader-1", "leader-2", "street-safety", (9, 11)),
        ("T4", "leader-2", "leader-1", "street-construction", (2, 4)),
        ("T5", "leader-1", None, "street-peace", (6, 8)),
    )
)
"""The teams “1+1+n” of the demo; two communities have none, and are shown to the leaders."""


def seed_teams(store: Store, *, now: datetime) -> None:
    """Load the demo office's teams, unless it has some already."""
    with store.write() as connection:
        # With the present names of the units: loading a directory writes their names too.
        known = current_named(connection)
        if not known.teams:
            load(connection, replace(known, teams=TEAMS), source="demo", loaded_by=_ADMINISTRATOR, now=now)


def seed_office(store: Store, *, now: datetime) -> None:
    """Put the demo office into the store; what is there already stays."""
    with store.write() as connection:
        put_units(connection, UNITS)
        put_staff(connection, STAFF)
        put_duty(connection, DUTY)
        for client_id, channel in CLIENTS.items():
            put_client(connection, client_id=client_id, channel=channel, now=now)
