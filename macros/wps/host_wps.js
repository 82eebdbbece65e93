// WPS 表格 through its JS add-in interface: synchronous, the object model of VBA, collections from 1.
"use strict";

var NianbaoWps = (function () {
  const EXPRESSION = 2; // a conditional format by formula
  const VISIBLE = -1;
  const HIDDEN = 0;
  const NO_COLOUR = -4142;
  /** Error values come as numbers here, as they do over COM. @type {Record<number, string>} */
  const ERRORS = {
    [-2146826288]: "#NULL!",
    [-2146826281]: "#DIV/0!",
    [-2146826273]: "#VALUE!",
    [-2146826265]: "#REF!",
    [-2146826259]: "#NAME?",
    [-2146826252]: "#NUM!",
    [-2146826246]: "#N/A",
  };

  /** @param {WPSMergedRoot | undefined} app @returns {NianbaoHost} */
  function makeHost(app) {
    const wps = /** @type {WPSMergedRoot} */ (app);
    return {
      client: "wps",
      problem: () => findProblem(app),
      describe: () => `WPS ${wps.Version} (${wps.Build})`,
      read: async () => readBook(wps.ActiveWorkbook),
      apply: async (actions) => { for (const action of actions) applyOne(wps.ActiveWorkbook, action); },
      saveFile: async (name, base64) => saveFile(wps, name, base64),
      openUrl: (url) => wps.OAAssist.ShellExecute(url),
      getItem: (key) => getItem(wps, key),
      setItem: (key, value) => setItem(wps, key, value),
    };
  }

  /** @param {WPSMergedRoot | undefined} app */
  function findProblem(app) {
    if (!app) return "本插件只能在 WPS 表格里使用，现在打开它的是别的程序（例如浏览器或者 Excel）。";
    if (app.ActiveWorkbook === undefined) {
      return "本插件只能在 WPS 表格里使用，现在打开它的不是 WPS 表格（例如 WPS 文字或者演示）。";
    }
    return app.ActiveWorkbook === null ? "请先打开要填报的工作簿。" : "";
  }

  /**
   * PluginStorage is shared by the add-in's pages but forgotten; the browser's storage remembers.
   * @param {WPSMergedRoot} app @param {string} key @returns {string}
   */
  function getItem(app, key) {
    const shared = app && app.PluginStorage && app.PluginStorage.getItem(key);
    if (typeof shared === "string" && shared) return shared;
    try {
      return localStorage.getItem(key) || "";
    } catch (_) {
      return "";
    }
  }

  /** @param {WPSMergedRoot} app @param {string} key @param {string} value */
  function setItem(app, key, value) {
    if (app && app.PluginStorage) app.PluginStorage.setItem(key, value);
    try {
      localStorage.setItem(key, value);
    } catch (_) {
      // a page without storage: the setting lasts until WPS is closed
    }
  }

  /** @param {Et.Workbook} book @returns {NianbaoRead} */
  function readBook(book) {
    return {
      book: {
        name: book.Name,
        active_sheet: book.ActiveSheet.Name,
        selection: readSelection(book),
        properties: readProperties(book),
      },
      sheets: listSheets(book).map(readSheet),
    };
  }

  /** @param {Et.Workbook} book @returns {Et.Worksheet[]} */
  function listSheets(book) {
    const found = [];
    for (let number = 1; number <= book.Worksheets.Count; number += 1) {
      found.push(/** @type {Et.Worksheet} */ (book.Worksheets.Item(number)));
    }
    return found;
  }

  /** @param {Et.Workbook} book */
  function readSelection(book) {
    const cell = book.Application.ActiveCell;
    return cell ? NianbaoCells.address(cell.Row, cell.Column) : "A1";
  }

  /** @param {Et.Workbook} book @returns {Record<string, string>} */
  function readProperties(book) {
    const custom = /** @type {Kso.DocumentProperties} */ (book.CustomDocumentProperties);
    /** @type {Record<string, string>} */
    const found = {};
    for (let number = 1; custom && number <= custom.Count; number += 1) {
      const property = custom.Item(number);
      found[property.Name] = String(property.Value);
    }
    return found;
  }

  /** @param {Et.Worksheet} sheet @returns {NianbaoSheet} */
  function readSheet(sheet) {
    const used = sheet.UsedRange;
    const rows = used.Row + used.Rows.Count - 1;
    const columns = used.Column + used.Columns.Count - 1;
    NianbaoCells.refuseHuge(sheet.Name, rows, columns);
    const block = sheet.Range("A1:" + NianbaoCells.address(rows, columns));
    const values = rectangle(block.Value2, rows, columns);
    const written = rectangle(block.Formula, rows, columns);
    /** @type {Record<string, string>} */
    const formulas = {};
    const cells = values.map((row, r) => row.map((value, c) => {
      const address = NianbaoCells.address(r + 1, c + 1);
      const formula = written[r][c];
      if (typeof formula === "string" && formula.startsWith("=") && formula !== value) formulas[address] = formula;
      return readCell(sheet, address, value);
    }));
    return {
      name: sheet.Name,
      protected: sheet.ProtectContents,
      visible: sheet.Visible === VISIBLE,
      values: NianbaoCells.trim(cells),
      formulas,
    };
  }

  /** The value of one cell is a scalar, of several an array of rows. @param {any} found @param {number} rows @param {number} columns @returns {any[][]} */
  function rectangle(found, rows, columns) {
    return rows === 1 && columns === 1 ? [[found]] : found;
  }

  /** @param {Et.Worksheet} sheet @param {string} address @param {any} value */
  function readCell(sheet, address, value) {
    if (typeof value !== "number") return NianbaoCells.cell(value, "", false);
    if (ERRORS[value]) return NianbaoCells.cell(ERRORS[value], "", true);
    return NianbaoCells.cell(value, String(sheet.Range(address).NumberFormat || ""), false);
  }

  /** @param {Et.Workbook} book @param {string} name @returns {Et.Worksheet | undefined} */
  function findSheet(book, name) {
    return listSheets(book).find((sheet) => sheet.Name === name);
  }

  /** @param {Et.Workbook} book @param {NianbaoAction} action */
  function applyOne(book, action) {
    switch (action.func) {
      case "unprotectBook": book.Unprotect(""); break;
      case "protectBook": if (!book.ProtectStructure) book.Protect("", true, false); break;
      case "addSheet": addSheet(book, action.args[0], action.args[1]); break;
      case "setName": setName(book, action.args[0], action.args[1]); break;
      default: applyToSheet(sheetOf(book, action), action);
    }
  }

  /** @param {Et.Workbook} book @param {NianbaoAction} action */
  function sheetOf(book, action) {
    const sheet = findSheet(book, String(action.sheet));
    if (!sheet) throw new Error(`没有工作表“${action.sheet}”`);
    return sheet;
  }

  /** @param {Et.Worksheet} sheet @param {NianbaoAction} action */
  function applyToSheet(sheet, action) {
    switch (action.func) {
      case "setSheetVisible": sheet.Visible = action.args[0] ? VISIBLE : HIDDEN; break;
      case "unprotectSheet": sheet.Unprotect(""); break;
      case "protectSheet": protectSheet(sheet); break;
      case "activateSheet": sheet.Activate(); break;
      default: applyToRange(sheet, sheet.Range(NianbaoCells.area(action)), action);
    }
  }

  /** Columns, rows and filters may still be formatted and used. @param {Et.Worksheet} sheet */
  function protectSheet(sheet) {
    if (sheet.ProtectContents) return;
    sheet.Protect("", true, true, true, false, false, true, true, false, false, false, false, false, false, true);
  }

  /** @param {Et.Worksheet} sheet @param {Et.Range} range @param {NianbaoAction} action */
  function applyToRange(sheet, range, action) {
    const wanted = action.args[0];
    switch (action.func) {
      case "clearContents": range.ClearContents(); break;
      case "setValues": range.Value2 = matrix(action, NianbaoCells.writable); break;
      case "setFormulas": range.Formula = matrix(action, (value) => value); break;
      case "setColumnWidth": range.ColumnWidth = wanted; break;
      case "setWrap": range.WrapText = Boolean(wanted); break;
      case "setBold": range.Font.Bold = Boolean(wanted); break;
      case "setFill": setFill(range.Interior, wanted); break;
      case "selectRange": sheet.Activate(); range.Select(); break;
      case "addConditionalFormat": addConditionalFormat(range, wanted, action.args[1]); break;
      default: throw new Error("没有这个操作：" + action.func);
    }
  }

  /** @param {NianbaoAction} action @param {(value: any) => any} write @returns {any} */
  function matrix(action, write) {
    const rows = (action.values || []).map((row) => row.map(write));
    return action.rows === 1 && action.columns === 1 ? rows[0][0] : rows;
  }

  /** Colours here are blue, green, red. @param {string} colour such as #FFC7CE */
  function colourNumber(colour) {
    return parseInt(colour.slice(5, 7) + colour.slice(3, 5) + colour.slice(1, 3), 16);
  }

  /** @param {Et.Interior} interior @param {string | null} colour */
  function setFill(interior, colour) {
    if (colour) interior.Color = colourNumber(colour);
    else interior.ColorIndex = NO_COLOUR;
  }

  /** @param {Et.Workbook} book @param {string} name @param {string | null} before */
  function addSheet(book, name, before) {
    if (findSheet(book, name)) return;
    const active = book.ActiveSheet;
    const next = before ? findSheet(book, before) : undefined;
    const last = listSheets(book).pop();
    const made = next ? book.Worksheets.Add(next) : book.Worksheets.Add(undefined, last);
    /** @type {Et.Worksheet} */ (made).Name = name;
    active.Activate();
  }

  /** @param {Et.Workbook} book @param {string} name @param {string} refersTo */
  function setName(book, name, refersTo) {
    for (let number = 1; number <= book.Names.Count; number += 1) {
      const found = book.Names.Item(number);
      if (found.Name === name) {
        found.RefersTo = refersTo;
        return;
      }
    }
    book.Names.Add(name, refersTo);
  }

  /** @param {Et.Range} range @param {string} formula @param {string} colour */
  function addConditionalFormat(range, formula, colour) {
    const formats = range.FormatConditions;
    for (let number = formats.Count; number >= 1; number -= 1) {
      const found = /** @type {Et.FormatCondition} */ (formats.Item(number));
      if (found.Type === EXPRESSION && NianbaoCells.sameFormula(found.Formula1, formula)) found.Delete();
    }
    const added = formats.Add(EXPRESSION, undefined, "=" + formula.replace(/^=/, ""));
    const made = /** @type {Et.FormatCondition} */ (added);
    made.Interior.Color = colourNumber(colour);
    made.SetFirstPriority();
  }

  /** @param {WPSMergedRoot} app @param {string} name @param {string} base64 */
  function saveFile(app, name, base64) {
    const path = app.GetSaveAsFilename(name);
    if (typeof path !== "string" || !path) return "";
    if (!app.FileSystem.writeAsBinaryString(path, atob(base64))) {
      throw new Error(`文件“${path}”没有写成，请换一个文件夹再试`);
    }
    return `已保存到“${path}”。`;
  }

  return { makeHost };
})();
