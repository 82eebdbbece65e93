"""What must hold for every file in ``templates/``, and how a wrong one is refused."""

from __future__ import annotations

import json
import shutil
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from xlsx_tools.errors import FormFileError
from xlsx_tools.forms import Form, Instance, form_ids, form_of_year, load_form, load_form_file
from xlsx_tools.forms.model import decide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsx_tools.forms.model import Requirement, Side

TEMPLATES = Path(__file__).parent.parent / "templates"
FILES = sorted(TEMPLATES.glob("*.toml"))
FORMS = [load_form(path.stem) for path in FILES]

APPLICANTS = ["自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计"]
OUTCOMES = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"]
RESULTS_BEFORE_OTHER = [
    ("granted", "（一）予以公开"),
    ("partly_granted", "（二）部分公开（区分处理的，只计这一情形，不计其他情形）"),
    ("refused_state_secret", "（三）不予公开 1.属于国家秘密"),
    ("refused_law_forbids", "（三）不予公开 2.其他法律行政法规禁止公开"),
    ("refused_security_stability", "（三）不予公开 3.危及“三安全一稳定”"),
    ("refused_third_party", "（三）不予公开 4.保护第三方合法权益"),
    ("refused_internal_affairs", "（三）不予公开 5.属于三类内部事务信息"),
    ("refused_process_information", "（三）不予公开 6.属于四类过程性信息"),
    ("refused_enforcement_file", "（三）不予公开 7.属于行政执法案卷"),
    ("refused_administrative_query", "（三）不予公开 8.属于行政查询事项"),
    ("unavailable_not_held", "（四）无法提供 1.本机关不掌握相关政府信息"),
    ("unavailable_needs_creating", "（四）无法提供 2.没有现成信息需要另行制作"),
    ("unavailable_unclear", "（四）无法提供 3.补正后申请内容仍不明确"),
    ("not_processed_petition", "（五）不予处理 1.信访举报投诉类申请"),
    ("not_processed_repeated", "（五）不予处理 2.重复申请"),
    ("not_processed_publication", "（五）不予处理 3.要求提供公开出版物"),
    ("not_processed_excessive", "（五）不予处理 4.无正当理由大量反复申请"),
    (
        "not_processed_reconfirmation",
        "（五）不予处理 5.要求行政机关确认或重新出具已获取信息",
    ),
]
OTHER = {
    "annual-report-2019": [("other", "（六）其他处理")],
    "annual-report-2021": [
        (
            "other_not_corrected",
            "（六）其他处理 1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请",
        ),
        (
            "other_fee_unpaid",
            (
                "（六）其他处理 2.申请人逾期未按收费通知要求缴纳费用、"
                "行政机关不再处理其政府信息公开申请"
            ),
        ),
        ("other_other", "（六）其他处理 3.其他"),
    ],
}
DISCLOSURE = {
    "annual-report-2019": [
        *(
            (f"{row}.{column}", f"{row_label} / {label}", "count", "件")
            for row, row_label in (("regulations", "规章"), ("normative_documents", "规范性文件"))
            for column, label in (
                ("made", "本年新制作数量"),
                ("published", "本年新公开数量"),
                ("published_total", "对外公开总数量"),
            )
        ),
        *(
            (f"{row}.{column}", f"{row_label} / {label}", kind, unit)
            for row, row_label in (
                ("licences", "行政许可"),
                ("other_management", "其他对外管理服务事项"),
                ("penalties", "行政处罚"),
                ("coercive_measures", "行政强制"),
            )
            for column, label, kind, unit in (
                ("previous_items", "上一年项目数量", "count", "项"),
                ("change", "本年增/减", "signed", "项"),
                ("decisions", "处理决定数量", "count", "件"),
            )
        ),
        ("charges.previous_items", "行政事业性收费 / 上一年项目数量", "count", "项"),
        ("charges.change", "行政事业性收费 / 本年增/减", "signed", "项"),
        ("procurement.projects", "政府集中采购 / 采购项目数量", "count", "个"),
        ("procurement.amount", "政府集中采购 / 采购总金额", "money", "元"),
    ],
    "annual-report-2021": [
        *(
            (f"{row}.{column}", f"{row_label} / {label}", "count", "件")
            for row, row_label in (
                ("regulations", "规章"),
                ("normative_documents", "行政规范性文件"),
            )
            for column, label in (
                ("issued", "本年制发件数"),
                ("repealed", "本年废止件数"),
                ("in_force", "现行有效件数"),
            )
        ),
        ("licences.decisions", "行政许可 / 本年处理决定数量", "count", "件"),
        ("penalties.decisions", "行政处罚 / 本年处理决定数量", "count", "件"),
        ("coercive_measures.decisions", "行政强制 / 本年处理决定数量", "count", "件"),
        ("charges.amount", "行政事业性收费 / 本年收费金额（单位：万元）", "money", "万元"),
    ],
}
SPANS = {
    "annual-report-2019": [
        [5],
        *[[1, 1, 2, 1]] * 3,
        [5],
        *[[1, 2, 1, 1]] * 3,
        [5],
        *[[1, 2, 1, 1]] * 3,
        *[[5], [1, 2, 2], [1, 2, 2]] * 2,
    ],
    "annual-report-2021": [
        [4],
        *[[1, 1, 1, 1]] * 3,
        *[[4], [1, 3], [1, 3]],
        *[[4], [1, 3], [1, 3], [1, 3]],
        *[[4], [1, 3], [1, 3]],
    ],
}

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
every_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
every_comparison = pytest.mark.parametrize(
    ("form", "instance"),
    [
        pytest.param(form, instance, id=f"{form.id}-{instance.id}")
        for form in FORMS
        for instance in form.instances
        if instance.requirement is not None
    ],
)


def test_the_schema_is_a_schema() -> None:
    schema = json.loads((TEMPLATES / "schema.json").read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator.check_schema(schema)


@every_file
def test_a_form_file_agrees_with_the_schema(path: Path) -> None:
    assert load_form_file(path).id == path.stem


@pytest.mark.parametrize(
    ("form_id", "disclosure", "requests"),
    [("annual-report-2021", 10, 175), ("annual-report-2019", 22, 161)],
)
def test_a_form_has_the_figures_of_its_notice_and_three_fees(
    form_id: str, disclosure: int, requests: int
) -> None:
    form = load_form(form_id)

    assert {table: len(cells) for table, cells in form.cells_of.items()} == {
        "disclosure": disclosure,
        "requests": requests,
        "disputes": 15,
        "fees": 3,
    }
    assert [cell.index for cell in form.cells] == list(range(len(form.cells)))


def test_each_report_year_has_its_form() -> None:
    forms = {year: form_of_year(year).id for year in (2019, 2020, 2021, 2022, 2030)}

    assert list(forms.values()) == ["annual-report-2019"] * 2 + ["annual-report-2021"] * 3
    with pytest.raises(FormFileError, match="没有适用于2018年度的表式"):
        form_of_year(2018)


def test_an_unknown_form_is_refused_with_the_known_ones() -> None:
    with pytest.raises(FormFileError, match="、".join(form_ids())):
        load_form("annual-report-1999")


@every_form
def test_the_figures_of_table_two_are_those_printed(form: Form) -> None:
    figures = [
        (cell.path.removeprefix("disclosure."), cell.label, cell.kind, cell.unit)
        for cell in form.cells_of["disclosure"]
    ]

    assert figures == DISCLOSURE[form.id]


@every_form
def test_table_two_is_merged_as_printed(form: Form) -> None:
    spans = [[cell.across for cell in row] for row in form.tables["disclosure"].grid]

    assert spans == SPANS[form.id]


@every_form
def test_the_rows_of_table_three_are_verbatim_with_their_groups(form: Form) -> None:
    printed = {cell.row: cell.label.split(" / ")[0] for cell in form.cells_of["requests"]}

    assert list(printed.items()) == [
        ("received", "一、本年新收政府信息公开申请数量"),
        ("carried_in", "二、上年结转政府信息公开申请数量"),
        *RESULTS_BEFORE_OTHER,
        *OTHER[form.id],
        ("resolved", "（七）总计"),
        ("carried_out", "四、结转下年度继续办理"),
    ]
    assert list(form.tables["requests"].rows) == list(printed)


@every_form
def test_the_heading_of_the_results_reaches_down_all_of_them(form: Form) -> None:
    printed = [cell for row in form.tables["requests"].grid for cell in row]
    heading = next(cell for cell in printed if cell.text == "三、本年度办理结果")

    assert heading.down == len(RESULTS_BEFORE_OTHER) + len(OTHER[form.id]) + 1
    assert sorted((cell.text, cell.down) for cell in printed if cell.text.startswith("（本列")) == [
        ("（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）", 3)
    ]


@every_form
def test_applicants_stand_under_their_group_and_the_total_does_not(form: Form) -> None:
    received = [cell.label for cell in form.cells_of["requests"] if cell.row == "received"]

    groups = ["", *["法人或其他组织 "] * 5, ""]
    assert [label.split(" / ")[1] for label in received] == [
        group + applicant for group, applicant in zip(groups, APPLICANTS, strict=True)
    ]


@every_form
def test_the_figures_of_table_four_are_those_printed(form: Form) -> None:
    rows = ["行政复议", "行政诉讼 未经复议直接起诉", "行政诉讼 复议后起诉"]

    assert [cell.label for cell in form.cells_of["disputes"]] == [
        f"{row} / {outcome}" for row in rows for outcome in OUTCOMES
    ]


@every_form
def test_the_fees_are_cases_yuan_and_yuan(form: Form) -> None:
    fees = [(cell.path, cell.kind, cell.unit) for cell in form.cells_of["fees"]]

    assert fees == [
        ("fees.notices", "count", "件"),
        ("fees.billed", "money", "元"),
        ("fees.collected", "money", "元"),
    ]


@every_form
def test_the_six_sections_stand_in_official_order(form: Form) -> None:
    assert [section.heading for section in form.sections] == [
        "一、总体情况",
        "二、主动公开政府信息情况",
        "三、收到和处理政府信息公开申请情况",
        "四、政府信息公开行政复议、行政诉讼情况",
        "五、存在的主要问题及改进情况",
        "六、其他需要报告的事项",
    ]


@every_form
def test_every_total_is_added_up_and_nothing_else_is(form: Form) -> None:
    totals = {cell.path for cell in form.cells if cell.total}

    assert totals == {
        cell.path
        for cell in form.cells
        if cell.column == "total" or (cell.table == "requests" and cell.row == "resolved")
    }
    assert [index for index, _ in form.definitions] == list(
        dict.fromkeys(index for index, _ in form.definitions)
    )


@every_form
def test_totals_are_defined_after_what_they_add(form: Form) -> None:
    totals = {index for index, _ in form.definitions}
    known: set[int] = set()

    for index, parts in form.definitions:
        assert not (set(parts) & totals) - known
        known.add(index)

    assert known == {cell.index for cell in form.cells if cell.total}


@every_form
def test_a_total_of_results_adds_every_kind_of_result_once(form: Form) -> None:
    cell = form.by_path["requests.resolved.enterprise"]
    results = [row for row, _ in (*RESULTS_BEFORE_OTHER, *OTHER[form.id])]

    parts = dict(form.definitions)[cell.index]

    assert parts == tuple(form.by_path[f"requests.{row}.enterprise"].index for row in results)


@every_form
def test_the_rules_of_the_form_alone_are_there(form: Form) -> None:
    only_2021 = {
        "issued-within-stock",
        "fees-within-charges",
        "unpaid-needs-notice",
        "in-force-stock",
    }

    assert only_2021 & set(form.rules) == (only_2021 if form.id == "annual-report-2021" else set())
    assert set(load_form("annual-report-2019").rules) | only_2021 == set(
        load_form("annual-report-2021").rules
    )


@every_form
def test_instance_ids_are_unique(form: Form) -> None:
    assert len(form.instance_by_id) == len(form.instances)


@every_form
def test_what_is_carried_over_from_last_year_are_six_columns(form: Form) -> None:
    paths = {form.cells[new].path: form.cells[old].path for new, old in form.prefilled.items()}

    assert len(paths) == 6
    assert paths["requests.carried_in.other"] == "requests.carried_out.other"


@every_comparison
def test_a_rule_agrees_with_its_own_examples(form: Form, instance: Instance) -> None:
    assert _decided(form, instance, instance.rule.holds)
    assert not _decided(form, instance, instance.rule.breaks)


def _decided(form: Form, instance: Instance, example: Mapping[str, Decimal]) -> bool:
    assert instance.requirement is not None
    values = {_place(form, instance, name): value for name, value in example.items()}
    if instance.condition is not None and not _holds(instance.condition, values):
        return True
    return _holds(instance.requirement, values)


def _place(form: Form, instance: Instance, name: str) -> tuple[int, bool]:
    rule, bare = instance.rule, name.removeprefix("last(").removesuffix(")")
    steps = {
        "row": [rule.table, instance.part, bare],
        "column": [rule.table, bare, instance.part],
        "": [rule.table, bare],
    }[rule.for_each]
    return form.by_path[".".join(filter(None, steps))].index, bare != name


def _holds(need: Requirement, values: dict[tuple[int, bool], Decimal]) -> bool:
    def add_up(side: Side) -> Decimal:
        zero = Decimal(0)
        parts = (t.factor * values.get((t.index, t.last_year), zero) for t in side.terms)
        return sum(parts, side.constant)

    return decide(need, add_up(need.left), add_up(need.right))


SOURCE = 'source = "表三表头：第一项加第二项之和，等于第三项加第四项之和"\n'
BALANCE = 'require = "received + carried_in == resolved + carried_out"'
PENALTIES = '[{ row = "penalties" }, { cell = "penalties.decisions", across = 3 }]'
CARRIED_OUT = '{ row = "carried_out", across = 3 }, { cells = "carried_out" }'


@pytest.mark.parametrize(
    ("old", "new", "line_with", "reason"),
    [
        pytest.param(
            SOURCE,
            "",
            "[rules.requests-balance]",
            "rules.requests-balance: 'source' is a required property",
            id="no source",
        ),
        pytest.param(
            BALANCE,
            "",
            "[rules.requests-balance]",
            "rules.requests-balance: 'require' is a required property",
            id="neither check nor require",
        ),
        pytest.param(
            'check = "nil-undeclared"',
            'check = "whatever"',
            'check = "whatever"',
            "rules.nil-return-undeclared.check: 'whatever' is not one of",
            id="unknown check",
        ),
        pytest.param(
            BALANCE,
            f'{BALANCE}\nurgency = "high"',
            "[rules.requests-balance]",
            "'urgency' was unexpected",
            id="unknown key",
        ),
        pytest.param(
            'id = "problems"',
            'id = "五"',
            'id = "五"',
            "sections.4.id: '五' does not match",
            id="id that is no id",
        ),
        pytest.param(
            'collected = { label = "实际收取信息处理费（元）", kind = "money"',
            'collected = { label = "实际收取信息处理费（元）", kind = "float"',
            'kind = "float"',
            "tables.fees.rows.collected.kind: 'float' is not one of",
            id="unknown kind",
        ),
        pytest.param(
            BALANCE,
            BALANCE.replace("carried_out", "carried_over"),
            "[rules.requests-balance]",
            "rule requests-balance: no cell requests.carried_over.natural_person",
            id="unknown cell in a rule",
        ),
        pytest.param(
            BALANCE,
            BALANCE.replace("+", "++"),
            "[rules.requests-balance]",
            "expected path, found '+'",
            id="a rule that is not of the language",
        ),
        pytest.param(
            "sum(granted..other_other)",
            "sum(granted..other_others)",
            "[rules.results-total]",
            "rule results-total: no line other_others",
            id="unknown end of a range",
        ),
        pytest.param(
            "sum(granted..other_other)",
            "sum(other_other..granted)",
            "[rules.results-total]",
            "runs backwards",
            id="range from last to first",
        ),
        pytest.param(
            "resolved == sum(granted..other_other)",
            "resolved <= sum(granted..other_other)",
            "[rules.results-total]",
            "a rule that defines must read total == sum",
            id="total that is not an equation",
        ),
        pytest.param(
            'require = "total == sum(upheld..pending)"',
            'require = "total == sum(upheld..total)"',
            "defines = true",
            "totals are defined by one another",
            id="total of itself",
        ),
        pytest.param(
            "breaks = { received = 10, carried_in = 2, resolved = 11, carried_out = 0 }",
            "breaks = { received = 10, carried_in = 2, resolved = 11, carried_out = 1 }",
            "[rules.requests-balance]",
            "rule requests-balance: its own example breaks contradicts it",
            id="example that contradicts",
        ),
        pytest.param(
            "breaks = { received = 10, carried_in = 2, resolved = 11, carried_out = 0 }",
            "breaks = { received = 10, granted = 2 }",
            "[rules.requests-balance]",
            "its example breaks names what the rule does not",
            id="example of something else",
        ),
        pytest.param(
            'breaks = { "licences.decisions" = 9000, "last(licences.decisions)" = 500 }',
            'breaks = { "licences.decisions" = 2000, "last(licences.decisions)" = 500 }',
            "[rules.disclosure-jump]",
            "rule disclosure-jump: its own example breaks contradicts it",
            id="jump that is none",
        ),
        pytest.param(
            'breaks = { "reconsideration.total" = 10, "last(reconsideration.total)" = 50 }',
            'breaks = { "reconsideration.upheld" = 10, "last(reconsideration.upheld)" = 50 }',
            "[rules.disputes-jump]",
            "its example breaks names what the rule does not",
            id="jump of something else",
        ),
        pytest.param(
            'figures = ["received.total", "resolved.total", "carried_out.total"]',
            'figures = ["received.total", "resolved.all"]',
            "[rules.requests-jump]",
            "no cell requests.resolved.all",
            id="jump of no cell",
        ),
        pytest.param(
            'sections = ["overview", "problems"]',
            'sections = ["overview", "requests"]',
            "[rules.narrative-similar]",
            "no section with text requests",
            id="similar without text",
        ),
        pytest.param(
            'rows = ["regulations", "normative_documents"]\nrequire = "issued',
            'rows = ["regulation"]\nrequire = "issued',
            "[rules.issued-within-stock]",
            "rule issued-within-stock: no row regulation",
            id="rule for an unknown row",
        ),
        pytest.param(
            'title = "收办平衡"\ntable = "requests"',
            'title = "收办平衡"\ntable = "request"',
            "[rules.requests-balance]",
            "rule requests-balance: no table request",
            id="rule for an unknown table",
        ),
        pytest.param(
            'cell = "penalties.decisions"',
            'cell = "penalties.decision"',
            'cell = "penalties.decision"',
            "no cell disclosure.penalties.decision",
            id="unknown cell in the grid",
        ),
        pytest.param(
            CARRIED_OUT,
            CARRIED_OUT.replace('cells = "carried_out"', 'cells = "carried"'),
            'cells = "carried"',
            "requests: no row carried",
            id="unknown row of cells",
        ),
        pytest.param(
            CARRIED_OUT,
            CARRIED_OUT.replace('row = "carried_out"', 'row = "carried"'),
            'row = "carried"',
            "requests: no row carried",
            id="unknown row label",
        ),
        pytest.param(
            PENALTIES,
            PENALTIES.replace("penalties.decisions", "licences.decisions"),
            'cell = "licences.decisions"',
            "cell disclosure.licences.decisions is printed twice",
            id="cell printed twice",
        ),
        pytest.param(
            '{ column = "legal_service" }, { column = "other" }',
            '{ column = "legal_service" }, { column = "other", across = 2 }',
            'column = "other", across = 2',
            "requests: printed cells overlap at column",
            id="overlapping grid",
        ),
        pytest.param(
            PENALTIES,
            PENALTIES.replace("across = 3", "across = 2"),
            "[tables.disclosure]",
            "disclosure: the grid is not a full rectangle at row 10, column 4",
            id="grid with a gap",
        ),
        pytest.param(
            'balance = "requests-balance"',
            'balance = "requests-balanced"',
            "[tables.requests]",
            "requests: no rule requests-balanced",
            id="unknown balance",
        ),
        pytest.param(
            "prefill = { carried_in = ",
            "prefill = { carried = ",
            "[tables.requests]",
            "requests: no row carried to prefill",
            id="unknown prefill",
        ),
        pytest.param(
            'beside_last_year = ["regulations.in_force"',
            'beside_last_year = ["regulations.in_forces"',
            '"regulations.in_forces"',
            "no cell disclosure.regulations.in_forces",
            id="unknown figure beside",
        ),
        pytest.param(
            'table = "fees"\nprompt',
            'table = "fee"\nprompt',
            "[tables.fees]",
            "table fees stands in no section",
            id="table in no section",
        ),
    ],
)
def test_a_wrong_form_file_is_refused_with_line_and_reason(
    tmp_path: Path, old: str, new: str, line_with: str, reason: str
) -> None:
    path = _changed(tmp_path, old, new)
    number = next(
        number
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if line_with in line
    )

    with pytest.raises(FormFileError) as caught:
        load_form_file(path)

    assert caught.value.name == path.name
    assert caught.value.reason.startswith(f"line {number}: ")
    assert reason in caught.value.reason


def test_a_duplicate_key_is_refused_with_its_line(tmp_path: Path) -> None:
    path = _changed(tmp_path, BALANCE, f"{BALANCE}\n{BALANCE}")

    with pytest.raises(FormFileError, match=r"at line \d+, column \d+"):
        load_form_file(path)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "annual-report-2021.toml"
    path.write_text('title = "年报"', encoding="gb18030")

    with pytest.raises(FormFileError, match="not UTF-8"):
        load_form_file(path)


def test_a_rule_without_source_is_refused_even_when_the_schema_is_not_asked(
    tmp_path: Path,
) -> None:
    path = _changed(tmp_path, SOURCE, "")

    with pytest.raises(FormFileError, match=r"line \d+: rule requests-balance: it lacks source"):
        load_form_file(path, check_schema=False)


def _changed(folder: Path, old: str, new: str) -> Path:
    path = folder / "annual-report-2021.toml"
    shutil.copy(TEMPLATES / path.name, path)
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@every_file
def test_figures_in_a_form_file_are_never_binary(path: Path) -> None:
    data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    rules = load_form(path.stem).rules

    assert {
        rule: {name: Decimal(value) for name, value in raw["holds"].items()}
        for rule, raw in data["rules"].items()
        if "holds" in raw
    } == {rule.id: rule.holds for rule in rules.values() if rule.holds}
