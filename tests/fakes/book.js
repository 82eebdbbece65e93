// A workbook in memory for the strict fakes: what is locked cannot be written, and what is typed
// is taken for a formula, a number or text as a spreadsheet takes it.
"use strict";

var FakeBook = (function () {
  const key = (r, c) => `${r},${c}`;

  function letters(column) {
    const rest = (column - 1) % 26;
    return (column > 26 ? letters((column - 1 - rest) / 26) : "") + String.fromCharCode(65 + rest);
  }

  function parse(address) {
    const match = /^\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?$/.exec(address);
    if (!match) throw new Error("no such address: " + address);
    const number = (text) => [...text].reduce((sum, c) => sum * 26 + c.charCodeAt(0) - 64, 0);
    const top = Number(match[2]);
    const left = number(match[1]);
    return { top, left, bottom: Number(match[4] || top), right: match[3] ? number(match[3]) : left };
  }

  class Sheet {
    constructor(book, spec) {
      this.book = book;
      this.name = spec.name;
      this.visible = spec.visible !== false;
      this.protected = Boolean(spec.protected);
      this.options = null;
      this.cells = new Map();
      this.formats = [];
      this.style = {};
      for (const [address, cell] of Object.entries(spec.cells || {})) {
        const at = parse(address);
        this.cells.set(key(at.top, at.left), Object.assign({ value: null, locked: true, format: "General" }, cell));
      }
    }

    cell(r, c) {
      return this.cells.get(key(r, c)) || { value: null, locked: true, format: "General" };
    }

    size() {
      const used = [...this.cells].filter(([, cell]) => cell.value !== null || cell.formula);
      const places = used.map(([place]) => place.split(",").map(Number));
      return [Math.max(0, ...places.map((p) => p[0])), Math.max(0, ...places.map((p) => p[1]))];
    }

    guard(r, c) {
      if (this.protected && this.cell(r, c).locked) throw new Error(`${this.name}!${letters(c)}${r} is locked`);
    }

    put(r, c, typed) {
      this.guard(r, c);
      const cell = Object.assign({}, this.cell(r, c), { formula: undefined, error: undefined });
      if (typed === "" || typed === null) cell.value = null;
      else if (typeof typed !== "string") cell.value = typed;
      else if (typed.startsWith("'")) cell.value = typed.slice(1);
      else if (typed.startsWith("=")) { cell.formula = typed; cell.value = 0; }
      else if (/^[\d.+-]+$/.test(typed)) cell.value = Number(typed);
      else cell.value = typed;
      this.cells.set(key(r, c), cell);
    }

    restyle(area, name, value) {
      if (this.protected) throw new Error(`${this.name} is protected: no ${name}`);
      this.style[`${name} ${area}`] = value;
    }

    addFormat(area, formula, colour) {
      if (this.protected) throw new Error(`${this.name} is protected: no conditional format`);
      const made = { area, formula, colour };
      this.formats.unshift(made);
      return made;
    }
  }

  function make(spec) {
    const book = {
      name: spec.name,
      locked: Boolean(spec.locked),
      properties: spec.properties || {},
      names: {},
      active: spec.active || spec.sheets[0].name,
      selection: { sheet: spec.active || spec.sheets[0].name, address: spec.selection || "A1" },
    };
    book.sheets = spec.sheets.map((sheet) => new Sheet(book, sheet));
    book.sheet = (name) => book.sheets.find((sheet) => sheet.name === name);
    book.add = (name, before) => {
      if (book.locked) throw new Error("the structure of the book is protected");
      if (book.sheet(name)) throw new Error("there is such a sheet already: " + name);
      const made = new Sheet(book, { name });
      book.sheets.splice(before === undefined ? book.sheets.length : before, 0, made);
      return made;
    };
    return book;
  }

  /** Which cells the marks make red: by the conditional format, the name and its list. */
  function red(book) {
    const found = [];
    for (const [name, refersTo] of Object.entries(book.names)) {
      const [, sheet, area] = /^='?([^'!]+)'?!(.+)$/.exec(refersTo);
      const { top, left, bottom } = parse(area);
      for (let r = top; r <= bottom; r += 1) {
        const mark = book.sheet(sheet).cell(r, left).value;
        const [where, address] = String(mark || "!").split("!");
        const target = book.sheet(where);
        if (target && target.formats.some((one) => shows(one, name, where, address))) found.push(mark);
      }
    }
    return found.sort();
  }

  function shows(format, name, sheet, address) {
    const area = parse(format.area);
    const cell = parse(address);
    const inside = cell.top >= area.top && cell.top <= area.bottom && cell.left >= area.left && cell.left <= area.right;
    return inside && format.formula === `=COUNTIF(${name},"${sheet}!"&ADDRESS(ROW(),COLUMN(),4))>0`;
  }

  return { make, red, parse, letters };
})();
