"""What the audit log holds, kind by kind: the table 记哪些、放哪里、留多久 is printed from here (AU-3).

An act belongs to the kind that names it; one that is named nowhere changes something, and is a 改动. Acts by which something
was seen or left the system must stand here, else nobody finds them when asked who saw what (PI-6): the tests hold every
导出, 下载, 打印 and 查看 of the code to that.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    SIGN_IN = "登录和核对身份"
    DENIED = "拒绝访问"
    SEEN = "查看全名和材料"
    TAKEN = "导出、下载和打印"
    RESIDENTS = "居民自己办理"
    RUN = "系统运行"
    CHANGED = "登记、审核和其他改动"


@dataclass(frozen=True)
class Told:
    """`holds`: what a line says besides when, which account, which county, which thing and from which address."""

    holds: str
    acts: tuple[str, ...] = ()


KINDS: dict[Kind, Told] = {
    Kind.SIGN_IN: Told(
        "结果；登录失败的只记有没有这个账号，输入的账号名和密码都不记录；没有登录而打开无效链接的，同一地址十分钟最多记 20 条",
        (
            "登录",
            "登录失败",
            "登录被锁定",
            "退出",
            "演示登录",
            "修改密码",
            "用链接设置密码",
            "打开无效链接",
            "再次输入密码",
            "再次输入密码有误",
            "再次输入验证码",
            "验证码有误",
            "启用动态口令",
            "更换动态口令",
            "停用动态口令",
            "重新生成恢复码",
            "重置动态口令",
            "结束登录",
        ),
    ),
    Kind.DENIED: Told(
        "被拒绝的页面地址（或命令）和原因，不含提交的内容；没有登录的，同一地址十分钟在平台的每个进程里最多记 20 条",
        ("拒绝访问",),
    ),
    Kind.SEEN: Told(
        "哪一场、显示了几人的全名、其中几名未成年人、用途；能看出个人的佐证材料（签到表、照片、满意度、报道）记种类，"
        "同一账号、同一场、同一种类一天记一次；不记姓名",
        ("查看名册全名", "查看报名全名", "查看佐证材料"),
    ),
    Kind.TAKEN: Told(
        "哪一年、哪个单位或哪一场，多少行、多少件，用途；不记内容",
        (
            "导出名册",
            "下载归档包",
            "导出台账",
            "下载标出错误的台账",
            "导出名册表格",
            "下载标出错误的表格",
            "导出通讯录",
            "打印通讯录",
            "导出培训统计",
            "导出完成情况表",
            "导出报送材料登记表",
            "导出报表",
            "下载上报件",
            "下载通报",
            "导出方案任务表",
            "导出方案进展汇报",
            "导出方案任务一览表",
            "导出查看和导出记录",
            "导出未成年人审计材料",
        ),
    ),
    Kind.RESIDENTS: Told(
        "哪一场、几个名额；不记姓名、电话和地址", ("居民报名", "居民取消报名", "居民评价", "扫码签到", "随手报")
    ),
    Kind.RUN: Told("文件名、大小、用时，删除了几条", ("备份", "恢复备份", "恢复演练", "按期删除名册", "载入演示数据")),
    Kind.CHANGED: Told("改了哪一条的哪些栏目，或由哪种状态到哪种状态；改动前后的内容在各条的修改记录里"),
}
_KIND_OF = {act: kind for kind, told in KINDS.items() for act in told.acts}
DISCLOSING = KINDS[Kind.SEEN].acts + KINDS[Kind.TAKEN].acts


def kind_of(action: str) -> Kind:
    return _KIND_OF.get(action, Kind.CHANGED)
