// The pane beside the sheet: buttons, what was said, the list of findings, settings.
"use strict";

var NianbaoPane = (function () {
  const TITLE = "年报助手";
  const SEVERITIES = { mandatory: "强制性", justify: "准强制性", verify: "核实性", hint: "提示性" };
  const STATUSES = {
    passed: "通过",
    passed_with_reasons: "通过（附说明）",
    failed: "未通过",
    not_filled: "尚未填写",
    unreadable: "无法读取",
  };

  /** @type {NianbaoHost} */
  let host;
  let busy = false;

  /** @param {string} id @returns {any} */
  const byId = (id) => document.getElementById(id);

  /**
   * An element; text from outside only ever becomes text.
   * @param {string} tag @param {Record<string, string>} attributes @param {(Node | string)[]} children
   */
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const name of Object.keys(attributes)) element.setAttribute(name, attributes[name]);
    element.append(...children);
    return element;
  }

  /** @param {NianbaoHost} program */
  function start(program) {
    host = program;
    document.body.replaceChildren(drawHead(), drawButtons(), drawStatus(), drawFindings(), drawSettings());
    const problem = host.problem();
    if (problem) refuse(problem);
    else tell("填写后点击“校验本表”。数据只发送到“设置”里的后台程序。", "");
  }

  function drawHead() {
    return make("header", {}, make("h1", {}, TITLE));
  }

  function drawButtons() {
    const group = make("div", { class: "buttons", role: "group", "aria-label": "功能" });
    for (const button of Nianbao.BUTTONS) {
      const kind = button.id === "check" ? "main" : "plain";
      const made = make("button", { id: button.id, type: "button", class: kind, title: button.tip }, button.label);
      made.addEventListener("click", () => run(button.id));
      group.append(made);
    }
    const file = make("input", { id: "last-year", type: "file", accept: ".xlsx,.json", hidden: "",
      "aria-label": "上年的年报" });
    file.addEventListener("change", carryFrom);
    group.append(file);
    return group;
  }

  function drawStatus() {
    return make("p", { id: "status", role: "status", "aria-live": "polite" });
  }

  function drawFindings() {
    return make("section", { id: "findings", "aria-label": "问题清单" });
  }

  function drawSettings() {
    const settings = Nianbao.loadSettings(host);
    const form = make("form", { id: "settings", autocomplete: "off" },
      make("label", { for: "address" }, "后台地址"),
      make("input", { id: "address", type: "text", value: settings.address, spellcheck: "false", inputmode: "url" }),
      make("label", { for: "token" }, "访问令牌"),
      make("input", { id: "token", type: "password", value: settings.token, autocomplete: "off" }),
      make("p", { class: "note" }, "由管理员提供；只保存在本机，不写进工作簿。"),
      make("button", { type: "submit", class: "plain" }, "保存"));
    form.addEventListener("submit", (event) => { event.preventDefault(); saveSettings(); });
    return make("details", { id: "settings-box" }, make("summary", {}, "设置"), form);
  }

  function saveSettings() {
    try {
      Nianbao.saveSettings(host, { address: byId("address").value, token: byId("token").value });
      byId("address").value = Nianbao.loadSettings(host).address;
      tell("设置已保存。", "good");
    } catch (error) {
      tell(String(/** @type {Error} */ (error).message), "bad");
    }
  }

  /** @param {string} problem */
  function refuse(problem) {
    for (const button of document.querySelectorAll(".buttons button")) button.setAttribute("disabled", "");
    tell(problem, "bad");
  }

  /** @param {string} text @param {string} kind good, bad, busy or nothing */
  function tell(text, kind) {
    const status = byId("status");
    status.textContent = text;
    status.className = kind;
  }

  /** @param {string} button */
  function run(button) {
    if (button === "carry") {
      byId("last-year").value = "";
      byId("last-year").click();
    } else work(button, null);
  }

  async function carryFrom() {
    const file = byId("last-year").files[0];
    if (!file) return;
    try {
      await work("carry", await Nianbao.readLastYear(file));
    } catch (error) {
      tell(String(/** @type {Error} */ (error).message), "bad");
    }
  }

  /** @param {string} button @param {NianbaoLastYear | null} lastYear */
  async function work(button, lastYear) {
    if (busy) return;
    setBusy(true);
    tell("正在处理……", "busy");
    /** @type {string[]} */
    const said = [];
    try {
      const answer = await Nianbao.press(host, button, (text) => said.push(text), lastYear);
      showAnswer(answer, said);
    } catch (error) {
      tell(explain(error), "bad");
    } finally {
      setBusy(false);
    }
  }

  /** @param {unknown} error */
  function explain(error) {
    const said = String(/** @type {Error} */ (error).message || error);
    return error instanceof Nianbao.Trouble || /[\u4e00-\u9fff]/.test(said) ? said : "插件出错：" + said;
  }

  /** @param {boolean} now */
  function setBusy(now) {
    busy = now;
    for (const button of document.querySelectorAll(".buttons button")) {
      if (now) button.setAttribute("disabled", "");
      else button.removeAttribute("disabled");
    }
  }

  /** @param {NianbaoAnswer} answer @param {string[]} said what alerts and saved files had to say */
  function showAnswer(answer, said) {
    const texts = Array.from(new Set(said.concat(answer.say ? [answer.say] : [])));
    const file = fileOf(answer.report);
    const good = file ? /^passed/.test(file.status) : true;
    tell(texts.join("\n") || "已完成。", good ? "good" : "bad");
    if (file) byId("findings").replaceChildren(...drawReport(file));
  }

  /** @param {NianbaoReport | null} report @returns {NianbaoFile | null} */
  function fileOf(report) {
    if (!report) return null;
    return "files" in report ? report.files[0] || null : report;
  }

  /** @param {NianbaoFile} file */
  function drawReport(file) {
    const findings = file.findings;
    const folded = new Set(findings.reduce((ids, one) => ids.concat(one.causes || []), /** @type {string[]} */ ([])));
    const leading = findings.filter((one) => !folded.has(one.id));
    const status = /** @type {Record<string, string>} */ (STATUSES)[file.status] || file.status;
    const head = leading.length ? `${status} · ${leading.length} 处问题` : status;
    const list = make("ol", {});
    for (const one of leading) list.append(drawFinding(one, findings));
    return [make("h2", { class: /^passed/.test(file.status) ? "good" : "bad" }, head), list];
  }

  /** @param {NianbaoFinding} finding @param {NianbaoFinding[]} all */
  function drawFinding(finding, all) {
    const word = /** @type {Record<string, string>} */ (SEVERITIES)[finding.severity] || finding.severity;
    const item = make("li", { class: finding.severity },
      make("span", { class: "severity" }, word),
      make("p", { class: "message" }, finding.message));
    if (finding.remedy) item.append(make("p", { class: "remedy" }, finding.remedy));
    item.append(drawCells(finding));
    const beneath = all.filter((one) => (finding.causes || []).indexOf(one.id) >= 0);
    if (beneath.length) {
      const list = make("ul", {});
      for (const one of beneath) list.append(make("li", {}, one.message, drawCells(one)));
      item.append(make("details", {}, make("summary", {}, `连带的 ${beneath.length} 处`), list));
    }
    return item;
  }

  /** @param {NianbaoFinding} finding */
  function drawCells(finding) {
    const cells = make("div", { class: "cells" });
    for (const cell of finding.cells || []) {
      if (!cell.cell) continue;
      const title = cell.label ? `${cell.label}：跳到这一格` : "跳到这一格";
      const link = make("button", { type: "button", class: "jump", title }, `${cell.sheet} ${cell.cell}`);
      link.addEventListener("click", () => {
        Nianbao.jump(host, cell.sheet, cell.cell).catch((error) => tell(explain(error), "bad"));
      });
      cells.append(link);
    }
    return cells;
  }

  /** Offer a file for saving, as a browser does. @param {string} name @param {string} base64 */
  function download(name, base64) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes]));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    return Promise.resolve(`已生成“${name}”，请在下载文件夹中查看。`);
  }

  return { start, run, tell, showAnswer, explain, download, SEVERITIES, STATUSES };
})();
