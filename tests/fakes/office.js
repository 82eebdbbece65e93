// A strict stand-in for Office.js: nothing can be read before load() and sync(), a member that is
// not here (newer than ExcelApi 1.7, or misspelt) throws, and so does what Excel refuses.
"use strict";

/** @param book from FakeBook.make @param about {host, supported} */
function fakeOffice(book, about) {
  const counts = { runs: 0, syncs: 0 };

  class Context {
    constructor() {
      this.queue = [];
      this.nodes = [];
      this.workbook = workbookOf(this);
    }

    async sync() {
      counts.syncs += 1;
      await Promise.resolve();
      const queue = this.queue.splice(0);
      for (const write of queue) write();
      for (const node of this.nodes.slice()) node.resolve();
    }
  }

  /** One proxy object: `props` need loading, `sets` are queued, `navs` lead to other objects. */
  function node(context, kind, spec) {
    const wanted = new Set();
    const loaded = new Map();
    let itemPaths = [];
    const navs = new Map();
    const nav = (name) => {
      if (!navs.has(name)) navs.set(name, spec.navs[name]());
      return navs.get(name);
    };
    const load = (paths) => {
      for (const path of String(paths).split(",").map((text) => text.trim())) {
        const [head, ...rest] = path.split("/");
        if (head === "items" && spec.items) itemPaths.push(rest.join("/"));
        else if (spec.navs && head in spec.navs) nav(head).load(rest.join("/"));
        else if (spec.props && head in spec.props) wanted.add(head);
        else throw new Error(`InvalidArgument: ${kind} has no property ${path}`);
      }
    };
    const resolve = () => {
      const missing = spec.missing && spec.missing();
      for (const name of wanted) {
        if (name === "isNullObject") loaded.set(name, Boolean(missing));
        else if (!missing) loaded.set(name, spec.props[name]());
      }
      wanted.clear();
      if (itemPaths.length) {
        const items = spec.items();
        for (const path of itemPaths) for (const item of items) item.load(path);
        itemPaths = [];
        loaded.set("items", items);
        for (const item of items) item.__resolve();
      }
      for (const other of navs.values()) other.__resolve();
    };
    context.nodes.push({ resolve });
    return new Proxy({}, {
      get(_, name) {
        if (name === "load") return load;
        if (name === "__resolve") return resolve;
        if (typeof name === "symbol" || name === "then") return undefined;
        if (spec.navs && name in spec.navs) return nav(name);
        if (spec.methods && name in spec.methods) return spec.methods[name];
        if (loaded.has(name)) return loaded.get(name);
        if (name === "items" || (spec.props && name in spec.props)) throw new Error(`PropertyNotLoaded: ${kind}.${name}`);
        throw new Error(`ApiNotFound: ${kind}.${String(name)}`);
      },
      set(_, name, value) {
        if (!spec.sets || !(name in spec.sets)) throw new Error(`ApiNotFound: cannot set ${kind}.${String(name)}`);
        context.queue.push(() => spec.sets[name](value));
        return true;
      },
    });
  }

  const later = (context, act) => { context.queue.push(act); };

  function workbookOf(context) {
    return node(context, "Workbook", {
      props: { name: () => book.name },
      methods: { getSelectedRange: () => selectedRange(context) },
      navs: {
        worksheets: () => worksheetsOf(context),
        names: () => namesOf(context),
        protection: () => protectionOf(context, "WorkbookProtection", () => book, "locked"),
        properties: () => node(context, "DocumentProperties", { navs: { custom: () => customOf(context) } }),
      },
    });
  }

  function customOf(context) {
    return node(context, "CustomPropertyCollection", {
      items: () => Object.keys(book.properties).map((name) => node(context, "CustomProperty", {
        props: { key: () => name, value: () => book.properties[name] },
      })),
    });
  }

  function protectionOf(context, kind, owner, field) {
    return node(context, kind, {
      props: { protected: () => owner()[field] },
      methods: {
        protect: (options) => later(context, () => {
          if (owner()[field]) throw new Error("AccessDenied: protected already");
          owner()[field] = true;
          owner().options = options;
        }),
        unprotect: () => later(context, () => {
          if (owner().password) throw new Error("AccessDenied: 密码不正确");
          owner()[field] = false;
        }),
      },
    });
  }

  function selectedRange(context) {
    return node(context, "Range", {
      props: { address: () => {
        if (!book.selection) throw new Error("InvalidSelection");
        return `'${book.selection.sheet}'!${book.selection.address}`;
      } },
    });
  }

  function worksheetsOf(context) {
    return node(context, "WorksheetCollection", {
      items: () => book.sheets.map((sheet) => worksheetOf(context, () => sheet)),
      methods: {
        getActiveWorksheet: () => worksheetOf(context, () => book.sheet(book.active)),
        getItem: (name) => worksheetOf(context, () => book.sheet(name), name),
        getItemOrNullObject: (name) => worksheetOf(context, () => book.sheet(name)),
        add: (name) => {
          later(context, () => book.add(name));
          return worksheetOf(context, () => book.sheet(name));
        },
      },
    });
  }

  function worksheetOf(context, find, name) {
    const sheet = () => {
      const found = find();
      if (!found) throw new Error("ItemNotFound: 没有工作表 " + name);
      return found;
    };
    return node(context, "Worksheet", {
      missing: () => !find(),
      props: {
        isNullObject: () => false,
        name: () => sheet().name,
        visibility: () => (sheet().visible ? "Visible" : "Hidden"),
        position: () => book.sheets.indexOf(sheet()),
      },
      sets: {
        position: (at) => {
          const moved = sheet();
          book.sheets.splice(book.sheets.indexOf(moved), 1);
          book.sheets.splice(at, 0, moved);
        },
        visibility: (value) => {
          if (book.locked) throw new Error("AccessDenied: structure");
          sheet().visible = value === "Visible";
        },
      },
      methods: {
        activate: () => later(context, () => { book.active = sheet().name; }),
        getUsedRangeOrNullObject: (valuesOnly) => usedRange(context, sheet, valuesOnly),
        getRangeByIndexes: (r, c, rows, columns) => rangeOf(context, sheet, r + 1, c + 1, rows, columns),
      },
      navs: { protection: () => protectionOf(context, "WorksheetProtection", sheet, "protected") },
    });
  }

  function usedRange(context, sheet, valuesOnly) {
    if (valuesOnly !== true) throw new Error("InvalidArgument: formats would count as used");
    return node(context, "Range", {
      missing: () => sheet().size()[0] === 0,
      props: {
        isNullObject: () => false,
        rowIndex: () => 0,
        columnIndex: () => 0,
        rowCount: () => sheet().size()[0],
        columnCount: () => sheet().size()[1],
      },
    });
  }

  function rangeOf(context, sheet, top, left, rows, columns) {
    const area = `${FakeBook.letters(left)}${top}:${FakeBook.letters(left + columns - 1)}${top + rows - 1}`;
    const each = (act) => Array.from({ length: rows }, (_, r) =>
      Array.from({ length: columns }, (_, c) => act(sheet().cell(top + r, left + c), r, c)));
    const fill = (values) => {
      if (values.length !== rows || values.some((row) => row.length !== columns)) throw new Error("InvalidArgument: size");
      each((_, r, c) => { if (values[r][c] !== null) sheet().put(top + r, left + c, values[r][c]); });
    };
    const shown = (cell) => cell.error || (cell.value === null ? "" : cell.value);
    return node(context, "Range", {
      props: {
        values: () => each(shown),
        formulas: () => each((cell) => cell.formula || shown(cell)),
        numberFormat: () => each((cell) => cell.format),
        valueTypes: () => each((cell) => {
          if (cell.error) return "Error";
          if (cell.value === null) return "Empty";
          return { number: "Double", boolean: "Boolean", string: "String" }[typeof cell.value];
        }),
      },
      sets: { values: fill, formulas: fill },
      methods: {
        clear: (what) => later(context, () => {
          if (what !== "Contents") throw new Error("only contents may be cleared");
          each((_, r, c) => sheet().put(top + r, left + c, ""));
        }),
        select: () => later(context, () => {
          if (book.active !== sheet().name) throw new Error("select on a sheet that is not active");
          book.selection = { sheet: sheet().name, address: area };
        }),
      },
      navs: {
        format: () => formatOf(context, sheet, area),
        conditionalFormats: () => conditionalFormatsOf(context, sheet, area),
      },
    });
  }

  function formatOf(context, sheet, area) {
    const setter = (name) => (value) => sheet().restyle(area, name, value);
    return node(context, "RangeFormat", {
      sets: { columnWidth: setter("width"), wrapText: setter("wrap") },
      navs: {
        fill: () => node(context, "RangeFill", {
          sets: { color: setter("fill") },
          methods: { clear: () => later(context, () => setter("fill")(null)) },
        }),
        font: () => node(context, "RangeFont", { sets: { bold: setter("bold") } }),
      },
    });
  }

  function conditionalFormatsOf(context, sheet, area) {
    return node(context, "ConditionalFormatCollection", {
      items: () => sheet().formats.filter((one) => one.area === area).map((one) => conditionalFormatOf(context, sheet, () => one)),
      methods: {
        add: (type) => {
          if (type !== "Custom") throw new Error("InvalidArgument: " + type);
          let made = null;
          later(context, () => { made = sheet().addFormat(area, null, null); });
          return conditionalFormatOf(context, sheet, () => made);
        },
      },
    });
  }

  function conditionalFormatOf(context, sheet, find) {
    return node(context, "ConditionalFormat", {
      props: { id: () => "{" + sheet().formats.indexOf(find()) + "}", type: () => "Custom" },
      sets: { priority: () => {} },
      methods: { delete: () => later(context, () => sheet().formats.splice(sheet().formats.indexOf(find()), 1)) },
      navs: {
        custom: () => node(context, "CustomConditionalFormat", {
          navs: {
            rule: () => node(context, "ConditionalFormatRule", {
              props: { formula: () => find().formula },
              sets: { formula: (text) => { find().formula = text; } },
            }),
            format: () => node(context, "ConditionalRangeFormat", {
              navs: { fill: () => node(context, "ConditionalRangeFill", { sets: { color: (text) => { find().colour = text; } } }) },
            }),
          },
        }),
      },
    });
  }

  function namesOf(context) {
    return node(context, "NamedItemCollection", {
      methods: {
        getItemOrNullObject: (name) => node(context, "NamedItem", {
          missing: () => !(name in book.names),
          props: { isNullObject: () => false },
          sets: { formula: (text) => { book.names[name] = text; } },
        }),
        add: (name, refersTo) => later(context, () => {
          if (name in book.names) throw new Error("ItemAlreadyExists: " + name);
          book.names[name] = refersTo;
        }),
      },
    });
  }

  window.Excel = { run: async (batch) => { counts.runs += 1; return batch(new Context()); } };
  window.Office = {
    onReady: (ready) => { setTimeout(() => ready({ host: about.host, platform: "PC" }), 0); },
    context: {
      requirements: { isSetSupported: (name, version) => name === "ExcelApi" && version === "1.7" && about.supported },
      diagnostics: { host: about.host, platform: "PC", version: "16.0.1" },
      partitionKey: "partition.",
    },
  };
  return counts;
}
