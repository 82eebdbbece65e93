"""The departments of the demonstration.

The figures of the first are those a real bureau published for 2023; the other departments are
invented, and so is every sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from xlsx_tools.filing import Organisation

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM: Final = "annual-report-2021"
YEAR: Final = 2023
COUNTY: Final = Organisation("示例区人民政府")
ABSENT: Final = Organisation("示例区审计局")
"""On the roster, and sends nothing."""


class Department(NamedTuple):
    """One department: what it typed, all other figures being 0.

    `last_year` are figures of the year before, where the department has them; `fault` tells
    what is wrong with the figures, on purpose.
    """

    organisation: Organisation
    figures: Mapping[str, int | str]
    narrative: Mapping[str, str]
    last_year: Mapping[str, int] = {}
    fault: str = ""


DEPARTMENTS: Final = (
    Department(
        Organisation("广州市番禺区科技工业商务和信息化局"),
        {
            "disclosure.normative_documents.in_force": 3,
            "requests.received.natural_person": 2,
            "requests.refused_third_party.natural_person": 1,
            "requests.unavailable_not_held.natural_person": 1,
        },
        {
            "overview": "演示文字：本年度共收到政府信息公开申请2件，均已按期答复。",
            "problems": "演示文字：答复文书的说理还不够充分，下一年度将统一文书样式。",
            "other_matters": "演示文字：本年度没有收取信息处理费，无其他需要报告的事项。",
        },
    ),
    Department(
        Organisation("示例区民政局"),
        {
            "disclosure.normative_documents.issued": 1,
            "disclosure.normative_documents.in_force": 5,
            "disclosure.licences.decisions": 46,
            "disclosure.penalties.decisions": 2,
            "requests.received.natural_person": 9,
            "requests.received.legal_service": 1,
            "requests.granted.natural_person": 7,
            "requests.granted.legal_service": 1,
            "requests.partly_granted.natural_person": 1,
            "requests.unavailable_not_held.natural_person": 2,
            "requests.carried_out.natural_person": 1,
            "disputes.reconsideration.upheld": 1,
        },
        {
            "overview": "演示文字：全年新收申请10件，上年结转2件，办结11件。\n"
            "演示文字：按月更新养老服务和社会救助栏目。",
            "problems": "演示文字：公开目录更新不及时，已明确专人按季度核对。",
            "other_matters": "演示文字：无其他需要报告的事项。",
        },
        last_year={
            "disclosure.normative_documents.in_force": 4,
            "requests.carried_out.natural_person": 2,
        },
    ),
    Department(
        Organisation("示例区住房和城乡建设局"),
        {
            "disclosure.normative_documents.in_force": 8,
            "disclosure.licences.decisions": 312,
            "disclosure.penalties.decisions": 27,
            "disclosure.coercive_measures.decisions": 1,
            "disclosure.charges.amount": "1250.36",
            "requests.received.natural_person": 61,
            "requests.received.enterprise": 4,
            "requests.granted.natural_person": 38,
            "requests.granted.enterprise": 4,
            "requests.refused_administrative_query.natural_person": 6,
            "requests.unavailable_not_held.natural_person": 12,
            "requests.other_fee_unpaid.natural_person": 1,
            "requests.carried_out.natural_person": 4,
            "disputes.litigation_direct.upheld": 2,
            "disputes.litigation_direct.pending": 1,
            "fees.notices": 1,
            "fees.billed": "86",
        },
        {
            "overview": "演示文字：全年新收申请65件，办结61件，结转下年度4件。",
            "problems": "演示文字：申请集中在房屋征收领域，将增加主动公开的内容。",
            "other_matters": "演示文字：发出收费通知1件，涉及金额86元，申请人逾期未缴。",
        },
    ),
    Department(
        Organisation("示例区教育局"),
        {
            "disclosure.normative_documents.in_force": 6,
            "disclosure.licences.decisions": 15,
            "requests.received.natural_person": 60,
            "requests.granted.natural_person": 52,
            "requests.unavailable_unclear.natural_person": 9,
        },
        {
            "overview": "演示文字：全年新收申请60件，全部办结。",
            "problems": "演示文字：学区信息的查询入口不够明显，已经调整。",
            "other_matters": "演示文字：无其他需要报告的事项。",
        },
        fault="自然人一列新收 60 件，却办结了 61 件",
    ),
)
