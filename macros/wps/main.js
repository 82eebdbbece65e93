// Behind the ribbon: each button does its work here, and the pane shows what came of it.
"use strict";

var NianbaoRibbon = (function () {
  const PANE = { key: "nianbao.pane", file: "pane.html", title: "年报助手", width: 360 };
  const SHOWN = "nianbao.shown";
  const ICONS = new Set(["check", "next", "carry", "export", "batch", "merge", "settings"]);

  function app() {
    return /** @type {WPSMergedRoot | undefined} */ (/** @type {any} */ (window).Application);
  }

  /** The button's own name, from the id that the ribbon needs. @param {{Id: string}} control */
  function nameOf(control) {
    return String(control.Id).replace(/^nianbao-/, "");
  }

  /** @param {string} button */
  async function press(button) {
    const host = NianbaoWps.makeHost(app());
    const problem = host.problem();
    if (problem) return alert(problem);
    const hasPane = showPane();
    if (button === "settings") return hasPane ? undefined : alert("打不开“设置”窗格，请联系信息化人员。");
    if (button === "carry") {
      return hand(hasPane, { said: ["请在右侧窗格点击“从上年结转”，选择上年的年报。"], answer: null, failed: false });
    }
    /** @type {string[]} */
    const said = [];
    try {
      const answer = await Nianbao.press(host, button, (text) => said.push(text), null);
      hand(hasPane, { said: said.concat(answer.say || []), answer, failed: false });
    } catch (error) {
      hand(hasPane, { said: [String(/** @type {Error} */ (error).message || error)], answer: null, failed: true });
    }
  }

  /**
   * Tell the pane, or the user where there is none.
   * @param {boolean} hasPane
   * @param {{said: string[], answer: NianbaoAnswer | null, failed: boolean}} shown
   */
  function hand(hasPane, shown) {
    const wps = /** @type {WPSMergedRoot} */ (app());
    if (!hasPane) return alert(shown.said.join("\n"));
    const report = shown.answer ? shown.answer.report : null;
    const packed = { said: shown.said, failed: shown.failed, report, at: Date.now() };
    wps.PluginStorage.setItem(SHOWN, JSON.stringify(packed));
  }

  /** Whether the pane is on the screen now. @returns {boolean} */
  function showPane() {
    const wps = /** @type {WPSMergedRoot} */ (app());
    try {
      const id = Number(wps.PluginStorage.getItem(PANE.key));
      const pane = (id && wps.GetTaskPane(id)) || createPane(wps);
      pane.Visible = true;
      return true;
    } catch (_) {
      return false;
    }
  }

  /** @param {WPSMergedRoot} wps */
  function createPane(wps) {
    const pane = wps.CreateTaskPane(new URL(PANE.file, location.href).href, PANE.title);
    pane.Width = PANE.width;
    wps.PluginStorage.setItem(PANE.key, pane.ID);
    return pane;
  }

  /** In the pane: show what the ribbon's page has handed over. */
  function followRibbon() {
    const wps = app();
    if (!wps || !wps.PluginStorage) return;
    let last = "";
    setInterval(() => {
      const packed = wps.PluginStorage.getItem(SHOWN);
      if (!packed || packed === last) return;
      last = packed;
      const shown = JSON.parse(packed);
      if (shown.failed) NianbaoPane.tell(shown.said.join("\n"), "bad");
      else NianbaoPane.showAnswer({ actions: [], say: "", report: shown.report }, shown.said);
    }, 300);
  }

  /** @param {{Id: string}} control */
  function icon(control) {
    const name = nameOf(control);
    return ICONS.has(name) ? `images/${name}.svg` : "";
  }

  return { press, nameOf, icon, followRibbon };
})();

// The ribbon calls functions of the page by name.

function OnAddinLoad() {
  return true;
}

/** @param {{Id: string}} control */
function OnAction(control) {
  NianbaoRibbon.press(NianbaoRibbon.nameOf(control));
  return true;
}

/** @param {{Id: string}} control */
function GetImage(control) {
  return NianbaoRibbon.icon(control);
}
