"""Generated events of a sub-district, and the many ways in which residents tell them; every word is fictional."""

import random
from dataclasses import dataclass
from typing import Final

_FIRST: Final = "梧清银石望柳新松荷晨云金翠锦华福东南龙凤春江桂竹兰枫海天星月"
_SECOND: Final = "桐波杏桥江荫月涛塘光岭穗湖绣庭安阳山泉鸣晖枫香林园叶棠府辰湾"
_KINDS: Final = ("小区", "花园", "苑", "路", "巷", "街", "大厦", "新村", "家园", "公寓")
_SPOTS: Final = (
    *(
        "东门",
        "西门",
        "菜市场门口",
        "幼儿园门口",
        "公交站旁边",
        "地下车库",
        "健身广场",
        "河边步道",
        "小学门口",
    ),
    *("{n}栋", "{n}号楼{u}单元", "{n}号门面", "{n}栋楼道", "{n}号", "{n}栋{u}单元楼下", "{n}号附近"),
)
_THINGS: Final = (
    *(
        ("路灯", "照明灯"),
        ("烧烤店", "烧烤摊", "夜宵烧烤"),
        ("广场舞", "坝坝舞"),
        ("垃圾", "垃圾桶", "生活垃圾"),
    ),
    *(("电梯", "客梯"), ("下水道", "污水管"), ("自来水", "家里的水"), ("消防通道", "消防车通道")),
    *(
        ("流浪狗", "狗", "大型犬"),
        ("工地", "施工队"),
        ("路面", "人行道"),
        ("外墙瓷砖", "外墙"),
        ("物业", "物业公司"),
    ),
    *(
        ("共享单车", "单车"),
        ("行道树", "大树"),
        ("培训班", "补习机构"),
        ("交的新房", "新房"),
        ("诊所", "社区医院"),
    ),
    *(
        ("充电桩", "充电棚"),
        ("网吧", "电竞馆"),
        ("麻将馆", "棋牌室"),
        ("健身房", "瑜伽馆"),
        ("理发店", "美发店"),
    ),
    *(("停车位", "车位"), ("快递柜", "驿站"), ("天然气", "燃气"), ("护栏", "栏杆"), ("井盖", "窨井盖")),
    *(
        ("公厕", "厕所"),
        ("红绿灯", "信号灯"),
        ("广告牌", "招牌"),
        ("屋顶菜地", "楼顶菜地"),
        ("鸽子笼", "养鸽子"),
    ),
    *(
        ("门禁", "单元门"),
        ("监控", "摄像头"),
        ("滑梯", "儿童滑梯"),
        ("直饮水机", "净水机"),
        ("地锁", "地桩锁"),
    ),
)
_FAULTS: Final = (
    *(
        "坏了",
        "坏了好几天没人修",
        "太吵",
        "半夜还在吵闹",
        "臭味很大",
        "占了人行道",
        "没人管",
        "很危险",
        "掉下来了",
    ),
    *(
        "乱收费",
        "不退钱",
        "关门跑路了",
        "堵住了",
        "冒水",
        "停了三天",
        "打电话没人接",
        "吓到老人",
        "绊倒小孩",
        "漏电",
    ),
    *(
        "被人撞坏",
        "有人受伤",
        "一直没恢复",
        "影响休息",
        "到处都是",
        "满出来了",
        "裂开了",
        "松动了",
        "挡住出口",
    ),
    *(
        "不让用",
        "收钱不开票",
        "灰尘很大",
        "看不见路",
        "半天等不到",
        "说好要换没换",
        "通知了不来",
        "又出问题了",
    ),
)
_GREETINGS: Final = (
    "",
    "",
    "您好，",
    "你好！",
    "尊敬的领导：您好！",
    "各位领导好，",
    "请问一下，",
    "您好！我要反映：",
)
_ENDS: Final = (
    "",
    "请尽快处理。",
    "希望有关部门管一管。",
    "麻烦派人来看看，谢谢！",
    "反映几次了。",
    "老人受不了。",
)
_WHEN: Final = ("昨天", "最近", "这几天", "一个星期了，", "从上周开始")
_SAID: Final = (
    *("{w}{s}{o}{x}", "{w}{s}的{o}{x}", "{o}{x}，在{w}{s}", "{t}{w}{s}{o}{x}", "{w}{s}{o}的问题：{x}"),
    *(
        "{w}{s}{t}{o}{x}",
        "{o}{x}（{w}{s}）",
        "{w}{o}{x}，具体位置是{s}",
        "{t}{o}{x}，地点{w}{s}",
        "我住{w}，{s}{o}{x}",
    ),
)
_VAGUE: Final = 0.1
"""How often a resident leaves out the spot, or names a place without its kind."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event: the place, the spot in it, the names of the thing, and the ways to say its fault."""

    where: str
    spot: str
    thing: tuple[str, ...]
    faults: tuple[str, ...]


def event(draw: random.Random) -> Event:
    """Draw an event at a random place, with three ways to say its fault."""
    where = draw.choice(_FIRST) + draw.choice(_SECOND) + draw.choice(_KINDS)
    spot = draw.choice(_SPOTS).format(n=draw.randrange(1, 60), u=draw.randrange(1, 5))
    return Event(where, spot, draw.choice(_THINGS), tuple(draw.sample(_FAULTS, 3)))


def telling(draw: random.Random, of: Event) -> str:
    """Tell an event as one resident would."""
    said = draw.choice(_SAID).format(
        w=of.where[:2] if draw.random() < _VAGUE else of.where,
        s="" if draw.random() < _VAGUE else of.spot,
        o=draw.choice(of.thing),
        x=draw.choice(of.faults),
        t=draw.choice(_WHEN),
    )
    return f"{draw.choice(_GREETINGS)}{said}。{draw.choice(_ENDS)}"
