// A strict stand-in for the application object of WPS 表格: synchronous, collections count from 1
// and are read with Item(), and a member that is not here throws.
"use strict";

/** @param book from FakeBook.make; null for a program without a workbook */
function fakeWps(book) {
  const ERRORS = { "#NULL!": -2146826288, "#DIV/0!": -2146826281, "#VALUE!": -2146826273, "#REF!": -2146826265,
    "#NAME?": -2146826259, "#NUM!": -2146826252, "#N/A": -2146826246 };
  const files = {};
  const opened = [];
  const panes = [];
  const storage = {};

  function strict(kind, members, sets) {
    return new Proxy(members, {
      get(target, name) {
        if (typeof name === "symbol" || name === "then") return undefined;
        const own = Object.getOwnPropertyDescriptor(target, name);
        if (!own) throw new Error(`${kind}.${String(name)} is not a member`);
        return own.get ? own.get.call(target) : own.value;
      },
      set(_, name, value) {
        if (!sets || !(name in sets)) throw new Error(`${kind}.${String(name)} cannot be set`);
        sets[name](value);
        return true;
      },
    });
  }

  function at(list, index, kind) {
    if (typeof index !== "number" || index < 1 || index > list.length) throw new Error(`${kind}.Item(${index}): out of range`);
    return list[index - 1];
  }

  function rangeOf(sheet, address) {
    const { top, left, bottom, right } = FakeBook.parse(address);
    const rows = bottom - top + 1;
    const columns = right - left + 1;
    const grid = (read) => Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => read(sheet.cell(top + r, left + c))));
    const scalar = (table) => (rows === 1 && columns === 1 ? table[0][0] : table);
    const value = (cell) => (cell.error ? ERRORS[cell.error] : cell.value === null ? undefined : cell.value);
    const put = (typed) => {
      const table = rows === 1 && columns === 1 ? [[typed]] : typed;
      if (table.length !== rows || table.some((row) => row.length !== columns)) throw new Error("Range: the array has another size");
      table.forEach((row, r) => row.forEach((one, c) => sheet.put(top + r, left + c, one)));
    };
    const style = (name) => (wanted) => sheet.restyle(address, name, wanted);
    return strict("Range", {
      Row: top,
      Column: left,
      Rows: strict("Rows", { Count: rows }),
      Columns: strict("Columns", { Count: columns }),
      get Value2() { return scalar(grid(value)); },
      get Formula() { return scalar(grid((cell) => cell.formula || (cell.value === null ? "" : cell.value))); },
      get NumberFormat() {
        if (rows * columns > 1) throw new Error("mixed formats have no answer");
        return sheet.cell(top, left).format;
      },
      Interior: strict("Interior", {}, { Color: (bgr) => style("fill")(rgb(bgr)), ColorIndex: () => style("fill")(null) }),
      Font: strict("Font", {}, { Bold: style("bold") }),
      FormatConditions: conditionsOf(sheet, address),
      ClearContents() {
        for (let r = top; r <= bottom; r += 1) for (let c = left; c <= right; c += 1) sheet.put(r, c, "");
        return true;
      },
      Select() {
        if (book.active !== sheet.name) throw new Error("Select on a sheet that is not active");
        book.selection = { sheet: sheet.name, address };
        return true;
      },
    }, { Value2: put, Formula: put, ColumnWidth: style("width"), WrapText: style("wrap") });
  }

  function rgb(bgr) {
    const hex = bgr.toString(16).padStart(6, "0").toUpperCase();
    return "#" + hex.slice(4, 6) + hex.slice(2, 4) + hex.slice(0, 2);
  }

  function conditionsOf(sheet, address) {
    const own = () => sheet.formats.filter((one) => one.area === address);
    return strict("FormatConditions", {
      get Count() { return own().length; },
      Item: (index) => conditionOf(sheet, at(own(), index, "FormatConditions")),
      Add(type, operator, formula) {
        if (type !== 2 || operator !== undefined) throw new Error("not an expression");
        return conditionOf(sheet, sheet.addFormat(address, formula, null));
      },
    });
  }

  function conditionOf(sheet, made) {
    return strict("FormatCondition", {
      Type: 2,
      Formula1: made.formula,
      Interior: strict("Interior", {}, { Color: (bgr) => { made.colour = rgb(bgr); } }),
      Delete: () => { sheet.formats.splice(sheet.formats.indexOf(made), 1); },
      SetFirstPriority: () => {},
    });
  }

  function sheetOf(sheet) {
    return strict("Worksheet", {
      __sheet: sheet,
      get Name() { return sheet.name; },
      get ProtectContents() { return sheet.protected; },
      get Visible() { return sheet.visible ? -1 : 0; },
      get UsedRange() {
        const [rows, columns] = sheet.size();
        return rangeOf(sheet, `A1:${FakeBook.letters(Math.max(1, columns))}${Math.max(1, rows)}`);
      },
      Range: (address) => rangeOf(sheet, address),
      Activate: () => { book.active = sheet.name; },
      Unprotect(password) {
        if (sheet.password && sheet.password !== password) throw new Error("密码不正确");
        sheet.protected = false;
      },
      Protect(...options) {
        sheet.protected = true;
        sheet.options = options;
      },
    }, {
      Name: (name) => { sheet.name = name; },
      Visible: (value) => {
        if (book.locked) throw new Error("the structure of the book is protected");
        sheet.visible = value === -1;
      },
    });
  }

  function workbookOf() {
    const names = () => Object.keys(book.names);
    return strict("Workbook", {
      Name: book.name,
      get Application() { return app; },
      get ActiveSheet() { return sheetOf(book.sheet(book.active)); },
      get ProtectStructure() { return book.locked; },
      Unprotect: () => { book.locked = false; },
      Protect: (_, structure) => { book.locked = structure; },
      CustomDocumentProperties: strict("DocumentProperties", {
        Count: Object.keys(book.properties).length,
        Item(index) {
          const name = at(Object.keys(book.properties), index, "DocumentProperties");
          return strict("DocumentProperty", { Name: name, Value: book.properties[name] });
        },
      }),
      Worksheets: strict("Sheets", {
        get Count() { return book.sheets.length; },
        Item: (index) => sheetOf(at(book.sheets, index, "Sheets")),
        Add(before, after) {
          const index = before ? book.sheets.indexOf(before.__sheet) : book.sheets.indexOf(after.__sheet) + 1;
          const made = book.add("Sheet" + (book.sheets.length + 1), index);
          book.active = made.name;
          return sheetOf(made);
        },
      }),
      Names: strict("Names", {
        get Count() { return names().length; },
        Item(index) {
          const name = at(names(), index, "Names");
          return strict("Name", { Name: name }, { RefersTo: (text) => { book.names[name] = text; } });
        },
        Add: (name, refersTo) => { book.names[name] = refersTo; },
      }),
    });
  }

  const app = strict("Application", {
    Version: "12.0",
    Build: "12.1.0.1",
    get ActiveWorkbook() { return book ? workbookOf() : book; },
    get ActiveCell() {
      const { top, left } = FakeBook.parse(book.selection.address);
      return strict("Range", { Row: top, Column: left });
    },
    GetSaveAsFilename: (name) => "C:\\导出\\" + name,
    FileSystem: strict("FileSystem", { writeAsBinaryString: (path, data) => { files[path] = data; return true; } }),
    OAAssist: strict("OAAssist", { ShellExecute: (url) => { opened.push(url); } }),
    PluginStorage: strict("PluginStorage", {
      getItem: (name) => (name in storage ? storage[name] : null),
      setItem: (name, value) => { storage[name] = String(value); },
    }),
    CreateTaskPane(url) {
      const pane = { ID: panes.length + 1, url, Visible: false, Width: 0 };
      panes.push(pane);
      return pane;
    },
    GetTaskPane: (id) => panes[id - 1],
  });

  window.Application = app;
  return { files, opened, panes, storage };
}
