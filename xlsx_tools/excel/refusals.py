"""Why a file from outside is refused: every code, and the sentence a person reads.

This table is the only place where these codes and words stand; the reference page is
generated from it. A sentence says what was found, then what to do. ``{place}`` is the part,
sheet or cell concerned; other fields are named by the caller of :func:`refuse`.
"""

from __future__ import annotations

from typing import Final

from xlsx_tools.errors import UnusableFileError

_SAVE_AS: Final = "请用 WPS 表格或 Excel 打开原文件，另存为“Excel 工作簿（*.xlsx）”后重新提交"
_ASK_AGAIN: Final = "请填报单位从原文件重新保存一份，再次提交"
_FROM_TEMPLATE: Final = "请下载当年的模板，重新填写后提交"
_NOT_TOUCHED: Final = "为安全起见没有读取其中任何内容"

REFUSALS: Final[dict[str, str]] = {
    # --- the place where the file lies
    "fs.missing": "找不到这个文件，可能已被移走、改名或删除。请核对文件位置后再试。",
    "fs.symlink": "这是一个快捷链接（符号链接），不是文件本身，没有打开。请提交真正的工作簿文件。",
    "fs.not_regular": "这不是普通文件（是文件夹、管道或设备），没有打开。请提交真正的工作簿文件。",
    "fs.permission": (
        "没有读取这个文件（文件夹）的权限。请检查权限，或确认它没有被其他程序独占后再试。"
    ),
    "fs.changed": "读取时文件正在变化（还在复制、下载或被改写）。请等它保存完毕后再试。",
    "fs.unreadable": "磁盘或网络位置无法读取（{detail}）。请把文件复制到本机后再试。",
    # --- the file as such
    "file.empty": f"文件是空的（0 字节），可能上传或复制中断。{_ASK_AGAIN}。",
    "file.too_big": (
        "文件有 {size} 字节，超过上限 {limit} 字节，没有读取。"
        "请删去与填报无关的图片、附件和空白行列后重新提交。"
    ),
    "file.not_xlsx": f"内容不是 Excel 工作簿（{{detail}}），只改扩展名没有用。{_FROM_TEMPLATE}。",
    "file.is_csv": f"这是纯文本文件（如 CSV），不是 Excel 工作簿，表式已丢失。{_FROM_TEMPLATE}。",
    "file.is_html": f"这是网页文件（HTML 或 MHT），不是 Excel 工作簿。{_SAVE_AS}。",
    "file.is_xml2003": f"这是“XML 表格 2003”文件，不是 .xlsx 工作簿。{_SAVE_AS}。",
    "file.is_xls": f"这是旧格式的表格（.xls 或 WPS 的 .et），不是 .xlsx 工作簿。{_SAVE_AS}。",
    "file.is_xlsb": f"这是二进制工作簿（.xlsb），不是 .xlsx 工作簿。{_SAVE_AS}。",
    "file.is_ods": f"这是 OpenDocument 表格（.ods），不是 .xlsx 工作簿。{_SAVE_AS}。",
    "file.is_pdf": "这是 PDF 文件，不是 Excel 工作簿。请提交填写时使用的 .xlsx 文件。",
    "file.is_archive": "这是压缩包，不是工作簿。请先解压，再提交其中的 .xlsx 文件。",
    "file.encrypted": (
        "文件设置了打开密码，无法读取。"
        "请打开后在“文件 → 信息 → 文件加密（保护工作簿）”中清除密码，保存后重新提交。"
    ),
    # --- the package
    "package.corrupt": f"文件已损坏或不完整（{{detail}}），{_NOT_TOUCHED}。{_ASK_AGAIN}。",
    "package.bomb": (
        f"解压后过大（{{detail}}），疑似压缩炸弹，{_NOT_TOUCHED}。"
        "如确属正常填报，请删去表格下方和右侧带格式的空白行列后重新保存、提交。"
    ),
    "package.overlap": f"文件内部的数据相互重叠，疑似恶意构造，{_NOT_TOUCHED}。{_FROM_TEMPLATE}。",
    "package.duplicate_entry": (
        f"文件内部有同名的部件“{{place}}”，不同软件会读出不同的数，{_NOT_TOUCHED}。{_ASK_AGAIN}。"
    ),
    "package.part_name": f"文件内部的部件名“{{place}}”不合规范，{_NOT_TOUCHED}。{_FROM_TEMPLATE}。",
    "package.too_many_parts": (
        "文件内部有 {count} 个部件，超过上限 {limit} 个，没有读取。"
        "请删去与填报无关的工作表和图片后重新提交。"
    ),
    "package.encrypted_part": f"压缩包设了密码，无法读取。{_SAVE_AS}，不要设密码。",
    "package.method": f"采用了不支持的压缩方式（{{detail}}），无法读取。{_SAVE_AS}。",
    "package.not_workbook": f"这不是 Excel 工作簿，而是{{detail}}。{_FROM_TEMPLATE}。",
    "package.type": f"工作簿类型不符（{{detail}}），只接受普通的 .xlsx 工作簿。{_SAVE_AS}。",
    "package.macro": f"文件带有宏（{{place}}），{_NOT_TOUCHED}。{_SAVE_AS}（不带宏）。",
    "package.embedded": (
        f"文件里嵌有程序或控件（{{place}}），{_NOT_TOUCHED}。请删去嵌入的对象后重新提交。"
    ),
    "package.dde": f"文件要求运行外部程序（DDE 链接），{_NOT_TOUCHED}。{_FROM_TEMPLATE}。",
    "package.missing_part": f"文件内部缺少必需的部件“{{place}}”，无法读取。{_ASK_AGAIN}。",
    "package.relationship": (
        f"文件内部的引用有误（{{place}}：{{detail}}），无法读取。{_ASK_AGAIN}。"
    ),
    # --- the XML in it
    "xml.dtd": (
        f"部件“{{place}}”含有 DOCTYPE 声明，疑似恶意构造，{_NOT_TOUCHED}。{_FROM_TEMPLATE}。"
    ),
    "xml.encoding": f"部件“{{place}}”不是 UTF-8 编码，无法可靠读取。{_SAVE_AS}。",
    "xml.malformed": f"部件“{{place}}”的内容已损坏（{{detail}}），无法读取。{_ASK_AGAIN}。",
    "xml.namespace": f"部件“{{place}}”的格式声明无法识别（{{detail}}），无法读取。{_SAVE_AS}。",
    "xml.structure": f"部件“{{place}}”的结构不合规范（{{detail}}），无法可靠读取。{_SAVE_AS}。",
    "xml.too_large": (
        "部件“{place}”过于庞大（{detail}），没有读取。"
        "请删去表格下方和右侧带格式的空白行列，重新保存后提交。"
    ),
    # --- workbook and sheets
    "book.sheets": f"工作表清单有误（{{detail}}），无法读取。{_FROM_TEMPLATE}。",
    "sheet.cells": (
        "工作表“{place}”有内容的单元格超过上限 {limit} 个，没有读取。"
        "请删去与填报无关的内容后重新提交。"
    ),
    "sheet.ranges": (
        f"工作表“{{place}}”的合并单元格等区域超过上限 {{limit}} 个，没有读取。{_FROM_TEMPLATE}。"
    ),
    "sheet.address": f"“{{place}}”处的单元格地址有误（{{detail}}），无法可靠读取。{_SAVE_AS}。",
    "sheet.order": (
        f"“{{place}}”处的行或单元格重复或颠倒，不同软件会读出不同的数，无法可靠读取。{_SAVE_AS}。"
    ),
    "sheet.cell_type": f"单元格“{{place}}”的类型“{{detail}}”无法识别。{_SAVE_AS}。",
    "sheet.cell_value": (
        f"单元格“{{place}}”的存储内容有误（{{detail}}），无法可靠读取。{_SAVE_AS}。"
    ),
    "sheet.string_index": f"单元格“{{place}}”引用的文字不存在，文件已损坏。{_ASK_AGAIN}。",
    "sheet.style_index": f"单元格“{{place}}”引用的样式不存在，文件已损坏。{_ASK_AGAIN}。",
    # --- our own limits
    "limits.time": (
        "处理超过了时间上限，已停止，没有采用其中任何数据。"
        "请删去与填报无关的内容和带格式的空白行列，重新保存后提交。"
    ),
    "limits.memory": (
        "处理所需内存超过上限，已停止，没有采用其中任何数据。"
        "请删去与填报无关的内容和带格式的空白行列，重新保存后提交。"
    ),
    "limits.crash": (
        "处理这个文件的进程两次异常退出，没有采用其中任何数据。"
        "请从原文件另存一份后重试；仍然如此的，请将文件反馈给软件维护人员。"
    ),
    "internal.error": (
        "校验程序出错（编号 {detail}），这个文件没有得到结果，不能视为通过。"
        "这是软件的问题，请将文件和编号反馈给软件维护人员。"
    ),
}

NOTES: Final[dict[str, str]] = {
    "book.external_links": "工作簿链接了其他文件，链接的数值一律未采用。",
    "book.connections": "工作簿含有外部数据连接，没有访问，其数值一律未采用。",
    "book.embedded_objects": "工作簿嵌有对象或附件，没有打开。",
    "book.custom_ribbon": "工作簿带有自定义功能区，没有执行。",
}


def refuse(reason: str, *, place: str = "", **facts: object) -> UnusableFileError:
    """Build the error for one code of :data:`REFUSALS`; the caller raises it.

    Text that comes from the file is shortened and freed of control characters first, so that
    a message is safe in a terminal and a log.
    """
    shown = {name: _printable(value) for name, value in facts.items()}
    place = _printable(place)
    return UnusableFileError(
        reason, REFUSALS[reason].format_map({"place": place, **shown}), place=place
    )


def _printable(value: object, longest: int = 80) -> str:
    text = str(value)
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
