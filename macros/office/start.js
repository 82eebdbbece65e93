// Starts the task pane once Office has said which program this is.
"use strict";

(function () {
  /** @param {string} host @param {boolean} enough @param {string} version */
  function start(host, enough, version) {
    const excel = /** @type {typeof Excel} */ (/** @type {any} */ (window).Excel);
    NianbaoPane.start(NianbaoOffice.makeHost(excel, { host, enough, version }));
  }

  if (typeof Office === "undefined") start("", false, "");
  else {
    Office.onReady((info) => {
      const enough = Office.context.requirements.isSetSupported("ExcelApi", NianbaoOffice.NEEDED);
      const about = Office.context.diagnostics;
      start(info.host ? String(info.host) : "", enough, about ? about.version : "");
    });
  }
})();
