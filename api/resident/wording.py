"""The words a resident reads, in one place."""

from collections.abc import Mapping

from domain.orders import Ending, Stage

STAGES: Mapping[Stage, str] = {
    Stage.RECEIVED: "已收到您的诉求",
    Stage.FIRST_CONTACT: "已收到您的诉求，工作人员正在看",
    Stage.CLASSIFICATION: "街道正在定由谁来办",
    Stage.DISPATCH: "街道正在安排单位办理",
    Stage.HANDLING: "承办单位正在办理",
    Stage.EXPLAINING: "正在准备向您说明情况",
    Stage.SUPERVISION: "上级正在督促办理",
    Stage.REPLYING: "已有答复",
    Stage.FOLLOW_UP: "已答复，我们会回访您是否满意",
    Stage.CLOSED: "已办结，仍可评价或重新打开",
    Stage.ARCHIVED: "已归档",
    Stage.REVIEW: "正在审核",
    Stage.PAUSED: "暂时停办，恢复后继续",
}

ENDINGS: Mapping[Ending, str] = {
    Ending.RESOLVED_ON_THE_SPOT: "当场答复",
    Ending.RESOLVED: "已解决",
    Ending.EXPLAINED: "已说明原因",
    Ending.NOT_ACCEPTED: "不予受理",
    Ending.WITHDRAWN: "您已撤回",
    Ending.MERGED: "已与同一事项合并",
    Ending.UNRESOLVED: "未能解决，已说明",
}

EVENTS: Mapping[str, str] = {
    "OrderReceived": "收到您的诉求",
    "OrderReferred": "已上报街道",
    "OrderClassified": "已确定办理时限",
    "OrderDispatched": "已安排单位办理",
    "OrderHandedUp": "已转上一级单位",
    "OrderEscalated": "未按时办结，已转上一级单位",
    "SupervisionBegan": "上级开始督促办理",
    "OrderReplied": "已答复您",
    "OrderSentBack": "正在另外安排单位",
    "OrderTakenOver": "上级接手办理",
    "RequestGranted": "办理安排有调整",
    "WorkResumed": "恢复办理",
    "RoundBegan": "重新办理",
    "OrderSupplemented": "收到您的补充信息",
    "OrderUrged": "已催办",
    "OrderRated": "收到您的评价",
    "OrderReopened": "已按您的要求重新打开",
    "OrderWithdrawn": "已按您的要求撤回",
    "OrderMerged": "已与同一事项合并办理",
    "OrderSplit": "您反映的几件事已分别办理",
    "OrderClosed": "办结",
    "OrderArchived": "归档",
}
"""Events that a resident is told; the others are the office's own."""
