// The same in every program: builds the request, posts it, checks the answer and applies it.
// It knows no rule, no sheet and no cell: the server decides, this script carries out.
"use strict";

var Nianbao = (function () {
  const MESSAGE = 1;
  const TIMEOUT_MS = 60000;
  const LARGEST_REQUEST = 20 * 1024 * 1024;
  const LARGEST_FILE = 12 * 1024 * 1024;
  const MOST_SHEETS = 300;
  const MOST_CELLS = 200000;
  const DEFAULT_ADDRESS = "http://127.0.0.1:8765";
  const KEYS = { address: "nianbao.address", token: "nianbao.token" };

  const BUTTONS = [
    { id: "check", label: "校验本表", tip: "校验本工作簿，问题列在“待办”，有问题的单元格标红" },
    { id: "next", label: "下一处问题", tip: "跳到下一处需要处理的单元格" },
    { id: "carry", label: "从上年结转", tip: "用上年度填报的“结转下年度”填写本年度的“上年结转”" },
    { id: "export", label: "导出 JSON", tip: "把本工作簿的数据另存为 JSON 文件" },
    { id: "batch", label: "批量检查", tip: "打开网页，批量检查各单位报送的工作簿" },
    { id: "merge", label: "汇总", tip: "打开网页，汇总各单位报送的工作簿" },
  ];

  /** What an action needs: a sheet, an area, values of the area's size, and its arguments. */
  const ACTIONS = {
    unprotectBook: "",
    protectBook: "",
    addSheet: "name",
    setSheetVisible: "sheet",
    unprotectSheet: "sheet",
    protectSheet: "sheet",
    clearContents: "sheet area",
    setValues: "sheet area values",
    setFormulas: "sheet area values formulas",
    setColumnWidth: "sheet area",
    setWrap: "sheet area",
    setFill: "sheet area",
    setBold: "sheet area",
    setName: "name",
    addConditionalFormat: "sheet area name",
    activateSheet: "sheet",
    selectRange: "sheet area",
    alert: "name",
    saveFile: "name",
    openUrl: "name",
  };
  const ON_SCREEN = new Set(["alert", "saveFile", "openUrl"]);

  /** Something went wrong, told in words for the user. */
  class Trouble extends Error {}

  /** @param {NianbaoHost} host @returns {NianbaoSettings} */
  function loadSettings(host) {
    const address = host.getItem(KEYS.address) || defaultAddress();
    return { address, token: host.getItem(KEYS.token) };
  }

  function defaultAddress() {
    return location.protocol === "https:" ? location.origin : DEFAULT_ADDRESS;
  }

  /** @param {NianbaoHost} host @param {NianbaoSettings} settings */
  function saveSettings(host, settings) {
    const address = settings.address.trim().replace(/\/+$/, "");
    if (!/^https?:\/\/[^\s/?#@]+$/.test(address)) {
      throw new Trouble("后台地址应当像 http://127.0.0.1:8765 这样，只写到端口为止。");
    }
    host.setItem(KEYS.address, address);
    host.setItem(KEYS.token, settings.token.trim());
  }

  /**
   * Do what a button stands for.
   * @param {NianbaoHost} host @param {string} button
   * @param {(text: string) => void} tell @param {NianbaoLastYear | null} [lastYear]
   * @returns {Promise<NianbaoAnswer>}
   */
  async function press(host, button, tell, lastYear) {
    const problem = host.problem();
    if (problem) throw new Trouble(problem);
    const read = await host.read();
    const body = buildRequest(host, read, lastYear || null);
    const answer = checkAnswer(await post(loadSettings(host), button, body));
    await apply(host, answer.actions, tell);
    return answer;
  }

  /** @param {NianbaoHost} host @param {NianbaoRead} read @param {NianbaoLastYear | null} lastYear */
  function buildRequest(host, read, lastYear) {
    const cells = read.sheets.reduce(
      (sum, sheet) => sheet.values.reduce((part, row) => part + row.length, sum), 0);
    if (read.sheets.length > MOST_SHEETS || cells > MOST_CELLS) {
      throw new Trouble(`本工作簿有 ${read.sheets.length} 张工作表、${cells} 个单元格，超出范围，不像是年报。`);
    }
    const body = JSON.stringify({
      message: MESSAGE,
      client: host.client,
      host: host.describe(),
      book: read.book,
      sheets: read.sheets,
      last_year: lastYear,
    });
    if (body.length > LARGEST_REQUEST) throw new Trouble("本工作簿过大，无法发送，请删除图片等多余内容。");
    return body;
  }

  /** @param {NianbaoSettings} settings @param {string} button @param {string} body */
  async function post(settings, button, body) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": "application/json; charset=utf-8" };
    if (settings.token) headers.Authorization = "Bearer " + settings.token;
    try {
      const response = await fetch(`${settings.address}/api/v1/addin/${button}`, {
        method: "POST", headers, body, signal: stop.signal,
        cache: "no-store", credentials: "omit", redirect: "error",
      });
      const text = await response.text();
      if (!response.ok) throw new Trouble(explainStatus(response.status, text));
      return text;
    } catch (error) {
      if (error instanceof Trouble) throw error;
      throw new Trouble(stop.signal.aborted ? explainTimeout(settings) : explainSilence(settings));
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {NianbaoSettings} settings */
  function explainSilence(settings) {
    return `连不上后台程序 ${settings.address}。请确认已经启动（nianbao serve），并在“设置”中核对后台地址；` +
      "仍不行的，请信息化人员把本插件的来源加入后台程序的允许名单。";
  }

  /** @param {NianbaoSettings} settings */
  function explainTimeout(settings) {
    return `后台程序 ${settings.address} 在 ${TIMEOUT_MS / 1000} 秒内没有答复，请稍后再试。`;
  }

  /** @param {number} status @param {string} text the body, in which the server may have said why */
  function explainStatus(status, text) {
    const said = messageIn(text);
    /** @type {Record<number, string>} */
    const words = {
      401: "访问令牌不对或者没有填写，请在“设置”里填写管理员提供的令牌。",
      403: "后台程序不接受本插件的来源，请信息化人员把它加入后台程序的允许名单。",
      404: "后台程序上没有这个功能，请信息化人员更新后台程序或者插件。",
      413: "本工作簿过大，后台程序不接收，请删除图片等多余内容。",
      429: "现在使用的人较多，请过一会儿再试。",
    };
    const own = words[status] || (status >= 500 ? "后台程序出错，请稍后再试，或者联系信息化人员。" : "");
    if (status === 401 || status === 404 || !said) return own || `后台程序不接受这个请求（HTTP ${status}）。`;
    return said;
  }

  /** @param {string} text @returns {string} */
  function messageIn(text) {
    try {
      const body = JSON.parse(text);
      return body && typeof body.message === "string" ? body.message.slice(0, 500) : "";
    } catch (_) {
      return "";
    }
  }

  /** @param {string} text @returns {NianbaoAnswer} */
  function checkAnswer(text) {
    let answer;
    try {
      answer = JSON.parse(text);
    } catch (_) {
      answer = null;
    }
    if (!answer || !Array.isArray(answer.actions) || typeof answer.say !== "string") {
      throw new Trouble("回答无法识别，答复的可能不是年报后台程序。请检查“设置”里的后台地址。");
    }
    answer.actions = answer.actions.map(checkAction);
    return answer;
  }

  /** Everything is checked before anything is applied. @param {any} raw @returns {NianbaoAction} */
  function checkAction(raw) {
    const func = String(raw && raw.func);
    if (!Object.prototype.hasOwnProperty.call(ACTIONS, func)) {
      throw new Trouble(`后台程序要求的操作“${func.slice(0, 40)}”本插件不认识，没有改动工作簿。请更新插件。`);
    }
    const needs = new Set(/** @type {Record<string, string>} */ (ACTIONS)[func].split(" "));
    const action = fillAction(raw, func);
    const wrong =
      (needs.has("sheet") && typeof action.sheet !== "string") ||
      (needs.has("area") && !hasArea(action)) ||
      (needs.has("values") && !hasValues(action)) ||
      (needs.has("formulas") && !hasFormulas(action)) ||
      (needs.has("name") && typeof action.args[0] !== "string") ||
      (func === "openUrl" && !/^(https?:\/\/|\/(?!\/))/.test(action.args[0]));
    if (wrong) throw new Trouble(`后台程序要求的操作“${func}”不完整，没有改动工作簿。请更新插件或者后台程序。`);
    return action;
  }

  /** @param {any} raw @param {string} func @returns {NianbaoAction} */
  function fillAction(raw, func) {
    const values = Array.isArray(raw.values) ? raw.values : null;
    const width = values && Array.isArray(values[0]) ? values[0].length : 1;
    return {
      func,
      sheet: raw.sheet === undefined ? null : raw.sheet,
      row: raw.row, column: raw.column,
      rows: raw.rows || (values ? values.length : 1),
      columns: raw.columns || width,
      values,
      args: Array.isArray(raw.args) ? raw.args : [],
    };
  }

  /** @param {NianbaoAction} action */
  function hasArea(action) {
    return [action.row, action.column, action.rows, action.columns].every(
      (n) => Number.isInteger(n) && Number(n) >= 1 && Number(n) <= 1048576);
  }

  /** @param {NianbaoAction} action */
  function hasValues(action) {
    const rows = action.values;
    return rows !== null && rows.length === action.rows && rows.every(
      (row) => Array.isArray(row) && row.length === action.columns && row.every(
        (value) => value === null || /^(boolean|number|string)$/.test(typeof value)));
  }

  /** @param {NianbaoAction} action */
  function hasFormulas(action) {
    return (action.values || []).every((row) => row.every((value) => /^=/.test(String(value))));
  }

  /**
   * Apply the actions in their order; whatever happens, what was protected is protected again.
   * @param {NianbaoHost} host @param {NianbaoAction[]} actions @param {(text: string) => void} tell
   */
  async function apply(host, actions, tell) {
    try {
      for (const group of groups(actions)) {
        if (ON_SCREEN.has(group[0].func)) await show(host, group[0], tell);
        else await host.apply(group);
      }
    } catch (error) {
      await protectAgain(host, actions);
      if (error instanceof Trouble) throw error;
      const said = String(/** @type {Error} */ (error).message || error).slice(0, 300);
      throw new Trouble(`工作簿没有全部改好：${said}。工作表设有密码的，请先解除后重试。`);
    }
  }

  /** Runs of actions on the workbook, and each action on the screen by itself. @param {NianbaoAction[]} actions */
  function groups(actions) {
    /** @type {NianbaoAction[][]} */
    const made = [];
    for (const action of actions) {
      const last = made[made.length - 1];
      const joins = last && !ON_SCREEN.has(action.func) && !ON_SCREEN.has(last[0].func);
      if (joins) last.push(action);
      else made.push([action]);
    }
    return made;
  }

  /** @param {NianbaoHost} host @param {NianbaoAction[]} actions */
  async function protectAgain(host, actions) {
    const guards = actions.filter((action) => /^protect/.test(action.func));
    for (const action of guards) {
      try {
        await host.apply([action]);
      } catch (_) {
        // protected already, or not there: nothing was taken away
      }
    }
  }

  /** @param {NianbaoHost} host @param {NianbaoAction} action @param {(text: string) => void} tell */
  async function show(host, action, tell) {
    if (action.func === "alert") tell(action.args[0]);
    else if (action.func === "openUrl") host.openUrl(pageUrl(host, action.args[0]));
    else {
      const said = await host.saveFile(action.args[0], String(action.args[1] || ""));
      if (said) tell(said);
    }
  }

  /** A page of the server itself is given without its address. @param {NianbaoHost} host @param {string} url */
  function pageUrl(host, url) {
    return url.startsWith("/") ? loadSettings(host).address + url : url;
  }

  /** @param {NianbaoHost} host @param {string} sheet @param {string} address such as D7 */
  function jump(host, sheet, address) {
    const place = NianbaoCells.place(address);
    if (!place) return Promise.resolve();
    const area = { row: place.row, column: place.column, rows: 1, columns: 1, values: null, args: [] };
    return host.apply([Object.assign({ func: "activateSheet", sheet }, area),
      Object.assign({ func: "selectRange", sheet }, area)]);
  }

  /** @param {File} file @returns {Promise<NianbaoLastYear>} */
  function readLastYear(file) {
    return new Promise((resolve, reject) => {
      if (file.size > LARGEST_FILE) return reject(new Trouble("选择的上年年报过大，请确认没有选错文件。"));
      const reader = new FileReader();
      reader.onerror = () => reject(new Trouble(`文件“${file.name}”读不出来，请确认没有被其他程序占用。`));
      reader.onload = () => resolve({ name: file.name, data: String(reader.result).split(",")[1] || "" });
      reader.readAsDataURL(file);
    });
  }

  return { BUTTONS, Trouble, loadSettings, saveSettings, press, jump, readLastYear };
})();
