// The coordinator's page: what was sent in, and what is to be done with it.

import * as api from "./api.js";
import * as views from "./views.js";

const PAGE = 1000;
const AT_ONCE = 3;
const at = (id) => document.getElementById(id);
const state = { entries: [], queued: 0, known: null, timer: null, tab: "files" };

function complain(error) {
  at("trouble").textContent = error.message;
  at("trouble").hidden = false;
  if (error.status === 401) {
    at("login").hidden = false;
    at("main").hidden = true;
    at("headline").textContent = "";
    at("token").focus();
  }
}

/** Do something the user asked for; what is refused is told at the top of the page. */
function attempt(work) {
  return async (...given) => {
    at("trouble").hidden = true;
    try {
      await work(...given);
    } catch (error) {
      if (!(error instanceof api.Refusal)) throw error;
      complain(error);
    }
  };
}

// ------------------------------------------------------------------------ the list
async function refresh() {
  at("main").hidden = false;
  at("login").hidden = true;
  const entries = [];
  let found;
  do {
    found = await api.get(`/submissions?limit=${PAGE}&offset=${entries.length}`);
    entries.push(...found.submissions);
  } while (found.submissions.length && entries.length < found.total);
  const known = JSON.stringify(entries);
  if (known !== state.known) {  // a list that has not changed keeps its focus
    Object.assign(state, { entries, known, queued: found.queued });
    show();
  }
  clearTimeout(state.timer);
  state.timer = setTimeout(attempt(refresh), found.queued ? 500 : 10000);
}

function show() {
  const settled = state.entries.filter((entry) => !entry.queued);
  const accepted = settled.filter((entry) => entry.accepted && entry.counted).length;
  at("headline").textContent = state.queued
    ? `共 ${state.entries.length} 份填报，还有 ${state.queued} 份正在校验。`
    : `共 ${state.entries.length} 份填报，可以汇总的 ${accepted} 份。`;
  at("cards").replaceChildren(...Object.entries(views.STATUS).map(([key, [word]]) =>
    views.make("li", {}, views.make("strong", {},
      String(settled.filter((entry) => entry.status === key).length)), word)));
  showRows();
}

function showRows() {
  const status = at("filter-status").value;
  const text = at("filter-text").value.trim().toLowerCase();
  const rows = state.entries.filter((entry) => (!status || (!entry.queued && entry.status === status))
    && `${entry.organisation ?? ""} ${entry.label}`.toLowerCase().includes(text));
  at("shown").textContent = `显示 ${rows.length} 份`;
  const actions = { open: attempt(open), giveBack: attempt(giveBack), receipt: attempt(receipt) };
  at("submissions").tBodies[0].replaceChildren(
    ...rows.map((entry) => views.submissionRow(entry, actions)));
}

const giveBack = (entry) => api.save(`/submissions/${entry.id}/return.xlsx`);
const receipt = (entry) => api.save(`/submissions/${entry.id}/receipt.txt`);

// ------------------------------------------------------------------------ one submission
async function open(entry) {
  const one = await api.get(`/submissions/${entry.id}`);
  const file = one.file;
  const press = (word, work) => views.make("button", { type: "button", onclick: attempt(work) }, word);
  at("detail-title").textContent = file?.organisation?.name || one.name;
  at("detail-body").replaceChildren(
    views.make("p", {}, views.badge(views.statusOf(entry)),
      ` ${entry.label}，${views.when(one.received)} 由 ${one.sender} 上传`),
    views.make("p", { class: "note" }, `SHA-256 ${one.sha256}`),
    views.make("p", {}, press("下载原文件", () => api.save(`/submissions/${one.id}/original`)), " ",
      press("以这一份为准……", () => decide("use", one.id, "以这一份为准")), " ",
      press("这一份不计入……", () => decide("set_aside", one.id, "这一份不计入"))),
    ...(file ? views.findings(file.findings) : [views.make("p", {}, "还没有校验结果。")]),
    file && !file.findings.length ? views.make("p", {}, "没有发现问题。") : "");
  at("detail").showModal();
}

function ask(title) {
  at("reason-title").textContent = title;
  at("why").value = "";
  at("reason").returnValue = "";
  at("reason").showModal();
  return new Promise((answer) => {
    at("reason").addEventListener("close", () =>
      answer(at("reason").returnValue === "ok" ? at("why").value.trim() : ""), { once: true });
  });
}

async function decide(kind, submission, title) {
  const why = await ask(title);
  if (!why) return;
  await api.post("/decisions", { kind, submission, why });
  at("detail").close();
  await refresh();
  await load();
}

// ------------------------------------------------------------------------ sending in
async function sendIn(files) {
  const waiting = [...files];
  const total = waiting.length;
  const told = [];
  let done = 0;
  const tell = () => {
    at("bar").value = done / total;
    at("bar-label").textContent = `已上传 ${done} / ${total}`;
  };
  const send = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      try {
        const answer = await api.upload(file);
        told.push(...answer.ignored.map((one) => `${one.file}：${one.why}`));
        told.push(...answer.submissions.filter((one) => !one.new)
          .map((one) => `${file.name}：与已收到的“${one.name}”内容完全相同，没有重复收取。`));
      } catch (error) {
        if (!(error instanceof api.Refusal)) throw error;
        told.push(`${file.name}：${error.message}`);
      }
      done += 1;
      tell();
    }
  };
  tell();
  at("progress").hidden = false;
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  at("passed-over").replaceChildren(...told.map((text) => views.make("li", {}, text)));
  await refresh();
}

// ------------------------------------------------------------------------ the other tabs
const loaders = {
  files: async () => {},
  roster: async () => {
    try {
      at("roster").replaceChildren(...views.roster(await api.get("/roster")));
    } catch (error) {
      if (error.code !== "server.no_roster") throw error;
      at("roster").replaceChildren(views.make("p", {}, error.message));
    }
  },
  merge: async () => {},
  lists: async () => {
    const revoke = (what) => attempt(async (one) => {
      await api.remove(`/${what}/${one.id}`);
      await load();
      await refresh();
    });
    const [waived, decided] = [await api.get("/waivers"), await api.get("/decisions")];
    at("waivers").replaceChildren(...views.waivers(waived.waivers, revoke("waivers")));
    at("decisions").replaceChildren(...views.decisions(decided.decisions, revoke("decisions")));
  },
  audit: async () => {
    const found = await api.get("/audit?limit=500");
    at("audit").replaceChildren(...views.audit(found.lines));
  },
};
const load = () => loaders[state.tab]();

function choose(tab) {
  state.tab = tab;
  for (const name of Object.keys(loaders)) {
    const chosen = name === tab;
    at(`tab-${name}`).setAttribute("aria-selected", String(chosen));
    at(`tab-${name}`).tabIndex = chosen ? 0 : -1;
    at(`${name}-panel`).hidden = !chosen;
  }
}

function wireTabs() {
  const names = Object.keys(loaders);
  names.forEach((name, place) => {
    at(`tab-${name}`).addEventListener("click", attempt(async () => {
      choose(name);
      await load();
    }));
    at(`tab-${name}`).addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = at(`tab-${names[(place + step + names.length) % names.length]}`);
      next.focus();
      next.click();
    });
  });
  choose("files");
}

function wireDrop() {
  const zone = at("drop");
  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => event.preventDefault());
  }
  zone.addEventListener("dragover", () => zone.classList.add("over"));
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", attempt(async (event) => {
    zone.classList.remove("over");
    await sendIn(event.dataTransfer.files);
  }));
  at("files").addEventListener("change", attempt(async () => {
    const files = [...at("files").files];
    at("files").value = "";
    await sendIn(files);
  }));
}

function wireForms() {
  const submit = (id, work) => at(id).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(work)(event);
  });
  submit("login", async () => {
    api.setToken(at("token").value.trim());
    await refresh();
  });
  submit("filters", async () => showRows());
  at("filter-status").append(...Object.entries(views.STATUS).map(([key, [word]]) =>
    views.make("option", { value: key }, word)));
  at("filters").addEventListener("input", showRows);
  at("roster-file").addEventListener("change", attempt(async () => {
    const [file] = at("roster-file").files;
    at("roster").replaceChildren(...views.roster(await api.putRoster(file)));
    at("roster-file").value = "";
    await refresh();
  }));
  submit("remind", async () => {
    const day = at("deadline").value;
    const found = await api.get(`/reminders${day ? `?deadline=${day}` : ""}`);
    at("notices").replaceChildren(...views.notices(found));
  });
  submit("merge", async (event) => {
    const output = event.submitter?.value || "summary";
    const asked = { organisation: at("merge-name").value, code: at("merge-code").value || null, output };
    if (output === "summary") {
      at("summary").replaceChildren(...views.mergeSummary(await api.post("/merge", asked)));
    } else {
      await api.save("/merge", asked);
    }
  });
  submit("waive", async () => {
    const found = Object.fromEntries(new FormData(at("waive")));
    await api.post("/waivers", { ...found, year: Number(found.year) });
    at("waive").reset();
    await load();
    await refresh();
  });
  at("decide-latest").addEventListener("click", attempt(() =>
    decide("latest", null, "同一单位有几份的，一律以最后收到的为准")));
  at("export").addEventListener("click", attempt(() => api.save("/export.zip")));
  at("close").addEventListener("click", () => at("detail").close());
}

wireTabs();
wireDrop();
wireForms();
api.takeToken();
attempt(refresh)();
