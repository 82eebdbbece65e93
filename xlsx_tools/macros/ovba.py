"""VBA sources → ``vbaProject.bin``: [MS-OVBA], without the performance cache.

A writer must leave the cache out (2.3.4.1), and the program compiles from source when it opens
the file. Nothing here comes from the clock or from chance: the project's id is made from its name.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from xlsx_tools.macros.compound_file import write_compound_file
from xlsx_tools.macros.compression import compress
from xlsx_tools.macros.refusal import MacroSourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["standard", "workbook", "sheet"]

CODE_PAGE: Final = 936
_BASES: Final = {
    "workbook": "0{00020819-0000-0000-C000-000000000046}",
    "sheet": "0{00020820-0000-0000-C000-000000000046}",
}
_REFERENCES: Final = {
    "stdole": r"*\G{00020430-0000-0000-C000-000000000046}#2.0#0#"
    r"C:\Windows\System32\stdole2.tlb#OLE Automation",
    "Office": r"*\G{2DF8D04C-5BFA-101B-BDE5-00AA0044DE52}#2.0#0#"
    r"C:\Program Files\Common Files\Microsoft Shared\OFFICE16\MSO.DLL"
    "#Microsoft Office 16.0 Object Library",
}
"""What every project of the program refers to; the modules themselves bind late."""
_ENGLISH: Final = 0x0409  # what Excel writes in every language
_WIN32: Final = 1
_NO_CACHE: Final = bytes.fromhex("cc61ffff000000")
_VERSION_MASK: Final = 2
_NO_COOKIE: Final = 0xFFFF


@dataclass(frozen=True)
class Module:
    """One module: its name and the text of its stream, attributes included, lines ending CR LF."""

    name: str
    kind: Kind
    text: str


@dataclass(frozen=True)
class Project:
    """A project as the editor shows it."""

    name: str
    modules: Sequence[Module]
    code_page: int = CODE_PAGE

    @property
    def id(self) -> str:
        """Unique to the name, and the same in every build."""
        return f"{{{uuid.uuid5(uuid.NAMESPACE_URL, f'vba:{self.name}')}}}".upper()


def standard_module(name: str, source: str) -> Module:
    """A module from a ``.bas`` file as the editor exports it, or from its bare body.

    Raises:
        MacroSourceError: the file says that it is another module.
    """
    lines = source.replace("\r\n", "\n").strip("\n").split("\n")
    attribute = f'Attribute VB_Name = "{name}"'
    if lines[0].startswith("Attribute VB_Name"):
        if lines[0] != attribute:
            raise MacroSourceError(f"{name}.bas", 1, f"应为 {attribute}")
        del lines[0]
    return Module(name, "standard", _join([attribute, *lines]))


def document_module(name: str, kind: Literal["workbook", "sheet"]) -> Module:
    """The empty module that goes with a workbook or one of its sheets."""
    facts = {
        "VB_Name": f'"{name}"',
        "VB_Base": f'"{_BASES[kind]}"',
        "VB_GlobalNameSpace": "False",
        "VB_Creatable": "False",
        "VB_PredeclaredId": "True",
        "VB_Exposed": "True",
        "VB_TemplateDerived": "False",
        "VB_Customizable": "True",
    }
    return Module(name, kind, _join(f"Attribute {key} = {value}" for key, value in facts.items()))


def _join(lines: Iterable[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def write_project(project: Project) -> bytes:
    """The whole ``vbaProject.bin``.

    Raises:
        MacroSourceError: a character that the project's code page has not, with its line.
    """
    streams = {
        ("PROJECT",): project_stream(project),
        ("PROJECTwm",): _names_stream(project),
        ("VBA", "_VBA_PROJECT"): _NO_CACHE,
        ("VBA", "dir"): compress(dir_stream(project)),
    }
    for module in project.modules:
        text = _encode(project, module.text, f"{module.name}.bas")
        streams["VBA", module.name] = compress(text)
    return write_compound_file(streams)


def _encode(project: Project, text: str, where: str) -> bytes:
    try:
        return text.encode(f"cp{project.code_page}")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        found = text[error.start]
        why = f"字符“{found}”（U+{ord(found):04X}）不在代码页 {project.code_page} 中"
        raise MacroSourceError(where, line, why) from error


# ---------------------------------------------------------------- dir: [MS-OVBA] 2.3.4.2
def _record(number: int, body: bytes = b"") -> bytes:
    return struct.pack("<HI", number, len(body)) + body


def _u16(number: int) -> bytes:
    return struct.pack("<H", number)


def _u32(number: int) -> bytes:
    return struct.pack("<I", number)


def dir_stream(project: Project) -> bytes:
    """What the project consists of, before compression."""
    out = [
        _record(0x01, _u32(_WIN32)),
        _record(0x02, _u32(_ENGLISH)),
        _record(0x14, _u32(_ENGLISH)),
        _record(0x03, _u16(project.code_page)),
        _record(0x04, _encode(project, project.name, "dir")),
        *map(_record, (0x05, 0x40, 0x06, 0x3D)),  # no description, no help file
        _record(0x07, _u32(0)),
        _record(0x08, _u32(0)),
        struct.pack("<HIIH", 0x09, 4, 1, 1),  # the version; its length is not that of its body
        *map(_record, (0x0C, 0x3C)),  # no constants
    ]
    for name, library in _REFERENCES.items():
        text = _encode(project, library, "dir")
        out += [
            *_named(project, 0x16, 0x3E, name),
            _record(0x0D, _u32(len(text)) + text + bytes(6)),
        ]
    out += [_record(0x0F, _u16(len(project.modules))), _record(0x13, _u16(_NO_COOKIE))]
    for module in project.modules:
        out += _describe_module(project, module)
    return b"".join([*out, _record(0x10)])


def _describe_module(project: Project, module: Module) -> list[bytes]:
    return [
        *_named(project, 0x19, 0x47, module.name),
        *_named(project, 0x1A, 0x32, module.name),
        *map(_record, (0x1C, 0x48)),
        _record(0x31, _u32(0)),  # the source begins where the stream begins
        _record(0x1E, _u32(0)),
        _record(0x2C, _u16(_NO_COOKIE)),
        _record(0x21 if module.kind == "standard" else 0x22),
        _record(0x2B),
    ]


def _named(project: Project, number: int, unicode_number: int, name: str) -> tuple[bytes, bytes]:
    """A name in the code page and in Unicode."""
    narrow = _encode(project, name, "dir")
    return _record(number, narrow), _record(unicode_number, name.encode("utf-16-le"))


# ---------------------------------------------------------------- PROJECT: [MS-OVBA] 2.3.1
def project_stream(project: Project) -> bytes:
    """The project's text stream: its modules, and that it is neither protected nor hidden."""
    documents = [m.name for m in project.modules if m.kind != "standard"]
    standard = [m.name for m in project.modules if m.kind == "standard"]
    lines = [
        f'ID="{project.id}"',
        *(f"Document={name}/&H00000000" for name in documents),
        *(f"Module={name}" for name in standard),
        f'Name="{project.name}"',
        'HelpContextID="0"',
        'VersionCompatible32="393222000"',
        f'CMG="{encrypt(bytes(4), project.id)}"',
        f'DPB="{encrypt(bytes(1), project.id)}"',
        f'GC="{encrypt(bytes([0xFF]), project.id)}"',
        "",
        "[Host Extender Info]",
        "&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000",
        "",
        "[Workspace]",
        *(f"{module.name}=0, 0, 0, 0, C" for module in project.modules),
    ]
    return _encode(project, _join(lines), "PROJECT")


def _names_stream(project: Project) -> bytes:
    """Every module's name in the code page and in Unicode: [MS-OVBA] 2.3.3."""
    names = [module.name for module in project.modules]
    pairs = (_encode(project, f"{n}\0", "PROJECTwm") + f"{n}\0".encode("utf-16-le") for n in names)
    return b"".join(pairs) + bytes(2)


def encrypt(payload: bytes, project_id: str, seed: int = 0) -> str:
    """What the text stream says of protection, as [MS-OVBA] 2.4.3.2 wants it scrambled.

    The seed may be any byte; a fixed one keeps builds the same.
    """
    key = sum(project_id.encode("ascii")) & 0xFF
    out = bytearray([seed, seed ^ _VERSION_MASK, seed ^ key])
    before = key
    for byte in bytes(7 for _ in range((seed & 6) // 2)) + _u32(len(payload)) + payload:
        out.append(byte ^ ((out[-2] + before) & 0xFF))
        before = byte
    return out.hex().upper()
