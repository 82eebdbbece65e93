// What both programs' cells have in common: addresses, dates, error values, text that stays text.
"use strict";

var NianbaoCells = (function () {
  const LARGEST_BLOCK = 500000;
  const ERRORS = new Set(["#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"]);
  // A spreadsheet takes text for a number, a date, a truth value or a formula by its first
  // characters; no such thing begins with an ideograph or with an opening quotation mark.
  const SAFE_START = /^[\u3400-\u9fff\u201c\u300a\u3010]/;

  /** @param {number} column 1 for A @returns {string} */
  function columnName(column) {
    const rest = (column - 1) % 26;
    const above = (column - 1 - rest) / 26;
    return (above > 0 ? columnName(above) : "") + String.fromCharCode(65 + rest);
  }

  /** @param {number} row @param {number} column @returns {string} such as D7 */
  function address(row, column) {
    return columnName(column) + row;
  }

  /** @param {NianbaoAction} action @returns {string} such as D7:F9 */
  function area(action) {
    const row = Number(action.row);
    const column = Number(action.column);
    const last = address(row + Number(action.rows) - 1, column + Number(action.columns) - 1);
    return address(row, column) + ":" + last;
  }

  /** @param {string} address such as $D$7 @returns {{row: number, column: number} | null} */
  function place(address) {
    const match = /^\$?([A-Z]{1,3})\$?([0-9]{1,7})/.exec(address);
    if (!match) return null;
    const column = Array.from(match[1]).reduce((sum, c) => sum * 26 + c.charCodeAt(0) - 64, 0);
    return { row: Number(match[2]), column };
  }

  /** Whether a number under this format is shown as a date or a time. @param {string} format */
  function isDateFormat(format) {
    const bare = format.replace(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g, "").split(";")[0];
    return /[ymdhs]/i.test(bare) && !/general/i.test(bare);
  }

  /** @param {number} serial days since 1899-12-30 @returns {{date: string}} */
  function date(serial) {
    const day = new Date(Date.UTC(1899, 11, 30) + Math.floor(serial) * 86400000);
    return { date: day.toISOString().slice(0, 10) };
  }

  /**
   * A cell of the message from what the program said of it.
   * @param {any} value @param {string} format @param {boolean} isError @returns {NianbaoCell}
   */
  function cell(value, format, isError) {
    if (isError) return { error: ERRORS.has(value) ? value : "#VALUE!" };
    if (value === null || value === undefined || value === "") return null;
    if (typeof value === "number" && isDateFormat(format)) {
      return value >= 0 && value < 2958466 ? date(value) : value;
    }
    return typeof value === "number" || typeof value === "boolean" ? value : String(value);
  }

  /**
   * What to hand to the program so that text stays the text it is: never a formula or a number.
   * @param {null | boolean | number | string} value @returns {boolean | number | string}
   */
  function writable(value) {
    if (value === null || value === "") return "";
    if (typeof value !== "string" || SAFE_START.test(value)) return value;
    return "'" + value;
  }

  /** @template T @param {T[][]} rows @returns {T[][]} without blank ends of rows and of the sheet */
  function trim(rows) {
    const kept = rows.map((row) => {
      let end = row.length;
      while (end > 0 && row[end - 1] === null) end -= 1;
      return row.slice(0, end);
    });
    while (kept.length > 0 && kept[kept.length - 1].length === 0) kept.pop();
    return kept;
  }

  /** Two ways to write one formula. @param {string} one @param {string} other */
  function sameFormula(one, other) {
    const bare = (/** @type {string} */ text) => text.replace(/^=|\s/g, "").toUpperCase();
    return bare(one) === bare(other);
  }

  /** @param {string} name @param {number} rows @param {number} columns */
  function refuseHuge(name, rows, columns) {
    if (rows * columns > LARGEST_BLOCK) {
      throw new Error(`工作表“${name}”的范围过大（${rows} 行 × ${columns} 列），请删除表格以外的多余行列后重试。`);
    }
  }

  return { columnName, address, area, place, isDateFormat, cell, writable, trim, sameFormula, refuseHuge };
})();
