// Excel through Office.js: nothing newer than ExcelApi 1.7, every read loaded and synced in bulk.
"use strict";

var NianbaoOffice = (function () {
  const NEEDED = "1.7";
  const POINTS_PER_CHARACTER = 5.25; // 7 pixels of the standard font
  const POINTS_BESIDE = 3.75; // 5 pixels of padding

  /** @param {typeof Excel} excel @param {{host: string, enough: boolean, version: string}} about @returns {NianbaoHost} */
  function makeHost(excel, about) {
    return {
      client: "office",
      problem: () => findProblem(about),
      describe: () => "Excel " + about.version,
      read: () => excel.run(readBook),
      apply: (actions) => excel.run((context) => applyAll(context, actions)),
      saveFile: NianbaoPane.download,
      openUrl: (url) => { window.open(url, "_blank", "noopener"); },
      getItem: (key) => localStorage.getItem(storeKey(key)) || "",
      setItem: (key, value) => localStorage.setItem(storeKey(key), value),
    };
  }

  /** @param {{host: string, enough: boolean, version: string}} about */
  function findProblem(about) {
    if (about.host !== "Excel") {
      const where = about.host ? `“${about.host}”` : "浏览器";
      return `本插件只能在 Excel 里使用，现在打开它的是${where}。用 WPS 的，请安装 WPS 版插件。`;
    }
    return about.enough ? "" : "本机的 Excel 版本过低（需要 Excel 2019 或者更新的版本），请改用不需要插件的工作簿。";
  }

  /** The part of the browser's storage that Office asks add-ins to keep to. @param {string} key */
  function storeKey(key) {
    const partition = typeof Office !== "undefined" && Office.context && Office.context.partitionKey;
    return partition ? partition + key : key;
  }

  /** @param {Excel.RequestContext} context @returns {Promise<NianbaoRead>} */
  async function readBook(context) {
    const book = context.workbook;
    const sheets = book.worksheets;
    const active = sheets.getActiveWorksheet();
    const custom = book.properties.custom;
    book.load("name");
    sheets.load("items/name,items/visibility,items/protection/protected");
    active.load("name");
    custom.load("items/key,items/value");
    await context.sync();
    const selection = await readSelection(context);
    /** @type {Record<string, string>} */
    const properties = {};
    for (const property of custom.items) properties[property.key] = String(property.value);
    return {
      book: { name: book.name, active_sheet: active.name, selection, properties },
      sheets: await readSheets(context, sheets.items),
    };
  }

  /** @param {Excel.RequestContext} context @returns {Promise<string>} */
  async function readSelection(context) {
    try {
      const selected = context.workbook.getSelectedRange();
      selected.load("address");
      await context.sync();
      return selected.address.replace(/^.*!/, "").split(/[:,]/)[0].replace(/\$/g, "");
    } catch (_) {
      return "A1"; // a picture or several areas are selected
    }
  }

  /** @param {Excel.RequestContext} context @param {Excel.Worksheet[]} sheets @returns {Promise<NianbaoSheet[]>} */
  async function readSheets(context, sheets) {
    const used = sheets.map((sheet) => sheet.getUsedRangeOrNullObject(true));
    for (const range of used) range.load("isNullObject,rowIndex,columnIndex,rowCount,columnCount");
    await context.sync();
    const blocks = sheets.map((sheet, number) => {
      const range = used[number];
      if (range.isNullObject) return null;
      const rows = range.rowIndex + range.rowCount;
      const columns = range.columnIndex + range.columnCount;
      NianbaoCells.refuseHuge(sheet.name, rows, columns);
      const block = sheet.getRangeByIndexes(0, 0, rows, columns);
      block.load("values,formulas,valueTypes,numberFormat");
      return block;
    });
    await context.sync();
    return sheets.map((sheet, number) => describeSheet(sheet, blocks[number]));
  }

  /** @param {Excel.Worksheet} sheet @param {Excel.Range | null} block @returns {NianbaoSheet} */
  function describeSheet(sheet, block) {
    /** @type {Record<string, string>} */
    const formulas = {};
    const values = block === null ? [] : block.values.map((row, r) => row.map((value, c) => {
      const formula = block.formulas[r][c];
      const isFormula = typeof formula === "string" && formula.startsWith("=") && formula !== value;
      if (isFormula) formulas[NianbaoCells.address(r + 1, c + 1)] = formula;
      return NianbaoCells.cell(value, block.numberFormat[r][c], block.valueTypes[r][c] === "Error");
    }));
    return {
      name: sheet.name,
      protected: sheet.protection.protected,
      visible: sheet.visibility === "Visible",
      values: NianbaoCells.trim(values),
      formulas,
    };
  }

  /** @param {Excel.RequestContext} context @param {NianbaoAction[]} actions */
  async function applyAll(context, actions) {
    for (const action of actions) await applyOne(context, action);
    await context.sync();
  }

  /** @param {Excel.RequestContext} context @param {NianbaoAction} action */
  function applyOne(context, action) {
    switch (action.func) {
      case "unprotectBook": return guard(context, context.workbook.protection, false, null);
      case "protectBook": return guard(context, context.workbook.protection, true, null);
      case "addSheet": return addSheet(context, action.args[0], action.args[1]);
      case "setName": return setName(context, action.args[0], action.args[1]);
      default: return applyToSheet(context, action, context.workbook.worksheets.getItem(String(action.sheet)));
    }
  }

  /** @param {Excel.RequestContext} context @param {NianbaoAction} action @param {Excel.Worksheet} sheet */
  async function applyToSheet(context, action, sheet) {
    const options = { allowFormatColumns: true, allowFormatRows: true, allowAutoFilter: true };
    switch (action.func) {
      case "setSheetVisible": sheet.visibility = action.args[0] ? "Visible" : "Hidden"; break;
      case "unprotectSheet": await guard(context, sheet.protection, false, options); break;
      case "protectSheet": await guard(context, sheet.protection, true, options); break;
      case "activateSheet": sheet.activate(); break;
      case "selectRange": sheet.activate(); rangeOf(sheet, action).select(); break;
      case "addConditionalFormat":
        await addConditionalFormat(context, rangeOf(sheet, action), action.args[0], action.args[1]);
        break;
      default: applyToRange(rangeOf(sheet, action), action);
    }
  }

  /** @param {Excel.Worksheet} sheet @param {NianbaoAction} action */
  function rangeOf(sheet, action) {
    return sheet.getRangeByIndexes(Number(action.row) - 1, Number(action.column) - 1,
      Number(action.rows), Number(action.columns));
  }

  /** @param {Excel.Range} range @param {NianbaoAction} action */
  function applyToRange(range, action) {
    const values = action.values || [];
    const wanted = action.args[0];
    switch (action.func) {
      case "clearContents": range.clear("Contents"); break;
      case "setValues": range.values = values.map((row) => row.map(NianbaoCells.writable)); break;
      case "setFormulas": range.formulas = values; break;
      case "setColumnWidth": range.format.columnWidth = wanted * POINTS_PER_CHARACTER + POINTS_BESIDE; break;
      case "setWrap": range.format.wrapText = Boolean(wanted); break;
      case "setBold": range.format.font.bold = Boolean(wanted); break;
      case "setFill":
        if (wanted) range.format.fill.color = wanted;
        else range.format.fill.clear();
        break;
      default: throw new Error("没有这个操作：" + action.func);
    }
  }

  /**
   * Protecting what is protected is an error in Excel, so its state is read first.
   * @param {Excel.RequestContext} context
   * @param {Excel.WorksheetProtection | Excel.WorkbookProtection} protection
   * @param {boolean} wanted @param {Excel.WorksheetProtectionOptions | null} options
   */
  async function guard(context, protection, wanted, options) {
    protection.load("protected");
    await context.sync();
    if (protection.protected === wanted) return;
    if (!wanted) protection.unprotect();
    else if (options) /** @type {Excel.WorksheetProtection} */ (protection).protect(options);
    else /** @type {Excel.WorkbookProtection} */ (protection).protect();
    await context.sync();
  }

  /** @param {Excel.RequestContext} context @param {string} name @param {string | null} before */
  async function addSheet(context, name, before) {
    const sheets = context.workbook.worksheets;
    const found = sheets.getItemOrNullObject(name);
    const next = before ? sheets.getItemOrNullObject(before) : null;
    found.load("isNullObject");
    if (next) next.load("isNullObject,position");
    await context.sync();
    if (!found.isNullObject) return;
    const made = sheets.add(name);
    if (next && !next.isNullObject) made.position = next.position;
    await context.sync();
  }

  /** @param {Excel.RequestContext} context @param {string} name @param {string} refersTo */
  async function setName(context, name, refersTo) {
    const names = context.workbook.names;
    const found = names.getItemOrNullObject(name);
    found.load("isNullObject");
    await context.sync();
    if (found.isNullObject) names.add(name, refersTo);
    else found.formula = refersTo;
  }

  /** @param {Excel.RequestContext} context @param {Excel.Range} range @param {string} formula @param {string} colour */
  async function addConditionalFormat(context, range, formula, colour) {
    const formats = range.conditionalFormats;
    formats.load("items/id,items/type");
    await context.sync();
    const own = formats.items.filter((format) => format.type === "Custom");
    for (const format of own) format.load("custom/rule/formula");
    await context.sync();
    for (const format of own) {
      if (NianbaoCells.sameFormula(format.custom.rule.formula, formula)) format.delete();
    }
    const made = formats.add("Custom");
    made.custom.rule.formula = "=" + formula.replace(/^=/, "");
    made.custom.format.fill.color = colour;
    made.priority = 0;
  }

  return { makeHost, NEEDED };
})();
