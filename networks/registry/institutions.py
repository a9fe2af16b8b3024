"""机构名录 by workbook: a township's points on one sheet (依据 二(一)1, 三(三))."""

from django.utils import timezone

from networks.models import Institution
from networks.models.institutions import TIER_OF
from networks.xlsx.names import name_key
from networks.xlsx.problems import Notice

from .columns import Choice, Column, Day, Named, Names, Phone, Text, Whole
from .rehearsal import NUMBER, Registry

State, Kind = Institution.State, Institution.Kind
PLACE, NAME, KIND, FUNCTION = "所在地", "名称", "类别", "职能"
STATE, SINCE = "状态", "状态起始日期"
SHOWN_ONLY = {"运行", "无活动"}  # how an open institution shows, by the sessions of the year; no states
MOST = 2_000_000_000  # what the database holds


def path(place):
    return place.path


class Institutions(Registry):
    key, title = "institutions", "机构名录"
    about = "社区学校、教学点等机构的名称、承办单位、地址、条件和开办情况。"
    model = Institution
    named_by = NAME
    columns = (
        Column(NUMBER, Whole(MOST, least=1), help="系统给的编号，请勿改动；新增的机构留空", width=8),
        Column(
            PLACE,
            Named("place", path),
            "division",
            synonyms=("地方", "乡镇", "村（社区）", "村"),
            key=True,
            needed=True,
            help="从列表中选，如 白山镇/新汉村",
            width=20,
            pair=(("乡镇",), ("村（社区）", "村")),
        ),
        Column(NAME, Text(80), "name", ("机构名称", "教学点名称", "教学点"), key=True, needed=True, width=30),
        Column(KIND, Choice(Kind.choices), "kind", ("机构类别",), needed=True, width=16),
        Column(
            FUNCTION,
            Choice(Institution.Function.choices),
            "function",
            width=8,
            help="实施或管理；不填为实施，指导和管理机构不填为管理",
        ),
        Column("别名", Names(500), "aliases", help="台账里会写到的其他叫法，几个用顿号分开", width=24),
        Column("承办单位", Names(500), "hosts", ("主办方",), help="如 村委会、村小学，几个用顿号分开", width=24),
        Column("地址", Text(100), "address", ("详细地址",), width=24),
        Column("办公电话", Phone(), "phone", ("电话", "联系电话"), width=16),
        Column("核定编制（人）", Whole(32_000), "posts", ("编制",), width=10),
        Column("教室（间）", Whole(32_000), "rooms", ("教室数",), width=10),
        Column("座位（个）", Whole(MOST), "seats", ("座位数",), width=10),
        Column("计算机（台）", Whole(MOST), "computers", ("电脑", "计算机数"), width=10),
        Column("图书（册）", Whole(MOST), "books", ("藏书", "图书数"), width=10),
        Column(
            STATE,
            Choice(State.choices, also={"开办": "open", "运行": "open", "无活动": "open"}),
            synonyms=("机构状态",),
            help="筹建、已开办、暂停、停办；运行和无活动由系统按当年的场次判断，不用填",
            width=10,
        ),
        Column(SINCE, Day(), synonyms=("状态日期", "开办日期"), help="从哪一天起是这个状态，如 2020-09-01", width=14),
    )

    def rows(self):
        return self.kept().select_related("division__parent")

    def values(self, row):
        state = {NUMBER: row.pk, STATE: row.state, SINCE: row.state_since}
        return super().values(row) | state

    def load(self):
        self.load_places()
        self.stored = {row.pk: row for row in self.rows()}
        self.by_name = {(row.division_id, name_key(n)): row for row in self.stored.values() for n in row.all_names}
        # The official name goes before another's alias.
        self.by_name |= {(row.division_id, name_key(row.name)): row for row in self.stored.values()}

    def find(self, plan, given):
        if NUMBER in given:
            return self.by_number(given[NUMBER], self.stored)
        key = given[PLACE].pk, name_key(given[NAME])
        row = self.by_name.get(key)
        if row and key[1] != name_key(row.name):
            message = f"第 {plan.row.number} 行的“{given[NAME]}”是“{row.name}”的别名，按这个机构处理，名称不变"
            self.notices.append(Notice(plan.row.sheet, plan.row.number, "name_kept", message))
        if row:
            given[NAME] = row.name
        else:
            plan.extra["key"] = key
        return row

    def check(self, plan):
        stored, changed = plan.stored, {column for column, _, _ in plan.changes}
        kind = plan.values.get(KIND) or stored.kind
        place = stored.division if stored else plan.values[PLACE]
        if PLACE in changed:
            plan.row.problem(PLACE, "moved", "机构不能改到别处：请在这一行写停办和日期，再另起一行（编号留空）登记新的")
        if (stored is None or KIND in changed) and place.tier != TIER_OF[kind]:
            tier = TIER_OF[kind].label
            plan.row.problem(
                KIND, "wrong_tier", f"{Kind(kind).label}应设在{tier}一级，{place.path}不是：请核对类别和所在地"
            )
        if stored is None and place.retired_on:
            plan.row.problem(PLACE, "retired", f"{place.path}已撤销，不能再设机构：请写现在的村（社区）")
        if not plan.values.get(FUNCTION) and (stored is None or FUNCTION in plan.values):
            self.usual_function(plan, kind)
        self.check_name(plan)
        self.check_state(plan)

    def usual_function(self, plan, kind):
        """管理 for the bodies that guide and manage, else 实施 (三(三)): what an empty cell means."""
        managing = kind in (Kind.GUIDANCE, Kind.MANAGEMENT)
        function = Institution.Function.MANAGE if managing else Institution.Function.IMPLEMENT
        plan.values[FUNCTION] = function
        plan.changes = [change for change in plan.changes if change[0] != FUNCTION]
        if plan.stored and plan.stored.function != function:
            plan.change(FUNCTION, plan.stored.get_function_display(), function.label)

    def check_name(self, plan):
        """A name stands once at a place, whatever the order in which the file changes them."""
        row = plan.stored
        if row and not any(column == NAME for column, _, _ in plan.changes):
            return
        place, name = (row.division if row else plan.values[PLACE]), plan.values.get(NAME) or row.name
        key = (place.pk, name)
        others = self.__dict__.setdefault("names", {(r.division_id, r.name): r for r in self.stored.values()})
        if others.get(key) not in (None, row):
            plan.row.problem(NAME, "taken", f"{place.path}已有“{name}”：请改名，或在它那一行修改")
        others[key] = row or plan

    def check_state(self, plan):
        stored, row = plan.stored, plan.row
        state, since = plan.values.get(STATE), plan.values.get(SINCE)
        was, was_since = (stored.state, stored.state_since) if stored else (State.UNCONFIRMED, None)
        if STATE not in plan.values:
            state = was
        if SINCE not in plan.values:
            since = was_since if state == was else None
        state = state or State.UNCONFIRMED
        written = row.text(STATE)
        if written in SHOWN_ONLY:
            message = f"第 {row.number} 行的状态“{written}”由系统按当年的场次判断，按“已开办”登记"
            self.notices.append(Notice(row.sheet, row.number, "state_shown", message))
        if len({STATE, SINCE} & set(plan.kept)) == 1 and (state, since) != (was, was_since):
            told = f"下载以后已有人登记从 {was_since} 起{stored.get_state_display()}：请按现在的情况把状态和日期都写上"
            row.problem(STATE, "changed_since", told)
        elif (state, since) == (was, was_since):
            plan.changes = [change for change in plan.changes if change[0] not in (STATE, SINCE)]
        elif state == State.UNCONFIRMED:
            what = (
                "写了状态起始日期，没有写状态：请补上状态"
                if was == state
                else "已登记过状态，不能改回待核实：请写现在的状态"
            )
            row.problem(STATE, "bad_state", what)
        elif since is None:
            row.problem(SINCE, "missing", f"写了状态“{State(state).label}”，没有写从哪一天起：请填状态起始日期")
        elif since > timezone.localdate():
            row.problem(SINCE, "future", f"状态起始日期 {since} 晚于今天：请核对")
        elif state == was:
            row.problem(SINCE, "same_state", f"状态没有变，起始日期登记的是 {was_since}：日期写错的，请在机构页面更正")
        elif was_since and since < was_since:
            row.problem(SINCE, "too_early", f"早于现在的状态（{was_since} 起{stored.get_state_display()}）：请核对")
        else:
            plan.extra["state"] = (state, since)

    def store(self, plans):
        rows = super().store(plans)
        for plan in plans:
            if "state" in plan.extra:
                plan.extra["row"].record(*plan.extra["state"])
        return rows

    def options(self):
        return {
            PLACE: [place.path for place in self.places.values() if place.retired_on is None],
            KIND: Kind.labels,
            FUNCTION: Institution.Function.labels,
            STATE: [label for value, label in State.choices if value != State.UNCONFIRMED],
        }
