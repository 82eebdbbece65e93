
"use strict";
(() => {
  const PAGE = 50;
  const form = document.getElementById("filters");
  const found = document.getElementById("found");
  const details = new Map(
    [...document.querySelectorAll("#units > details")].map((one) => [one.dataset.unit, one]),
  );
  const units = [...document.querySelectorAll("#matrix tbody tr")].map((row) => {
    const detail = details.get(row.dataset.unit);
    return {
      row,
      detail,
      sum: detail?.querySelector(".sum"),
      said: detail?.querySelector(".sum").textContent,
      findings: detail ? [...detail.querySelectorAll(".finding")] : [],
      text: `${row.textContent} ${detail ? detail.textContent : ""}`.toLowerCase(),
    };
  });
  const names = [...form.elements].map((field) => field.name).filter(Boolean);
  const pagers = {};

  function wanted() {
    return Object.fromEntries(names.map((name) => [name, form.elements[name].value]));
  }

  function suits(finding, want) {
    const { severity, rule, parts } = finding.dataset;
    return (
      (!want.severity || severity === want.severity) &&
      (!want.rule || rule === want.rule) &&
      (!want.part || parts.split(" ").includes(want.part))
    );
  }

  function select(want) {
    const inside = want.severity || want.rule || want.part;
    let count = 0;
    const kept = units.filter((unit) => {
      const hits = unit.findings.filter((finding) => {
        const hit = suits(finding, want);
        finding.hidden = !hit;
        return hit;
      });
      if (unit.sum) {
        const all = unit.findings.length;
        unit.sum.textContent =
          unit.said + (hits.length < all ? `，显示 ${hits.length} 处` : "");
      }
      const keep =
        (!want.status || unit.row.dataset.status === want.status) &&
        (!want.standing || unit.row.dataset.standing === want.standing) &&
        (!want.q || unit.text.includes(want.q.trim().toLowerCase())) &&
        (!inside || hits.length > 0);
      count += keep ? hits.length : 0;
      return keep;
    });
    return { kept, count };
  }

  function pager(id, all) {
    const nav = document.querySelector(`nav[data-for="${id}"]`);
    const back = document.createElement("button");
    const said = document.createElement("span");
    const next = document.createElement("button");
    back.type = next.type = "button";
    back.textContent = "上一页";
    next.textContent = "下一页";
    nav.append(back, said, next);
    const state = { items: all, at: 0, all };
    state.draw = () => {
      const last = Math.max(Math.ceil(state.items.length / PAGE) - 1, 0);
      state.at = Math.min(Math.max(state.at, 0), last);
      const shown = new Set(state.items.slice(state.at * PAGE, (state.at + 1) * PAGE));
      for (const one of all) one.hidden = !shown.has(one);
      nav.hidden = last === 0;
      said.textContent = `第 ${state.at + 1} 页，共 ${last + 1} 页`;
      back.disabled = state.at === 0;
      next.disabled = state.at === last;
    };
    state.reveal = (one) => {
      state.at = Math.floor(Math.max(state.items.indexOf(one), 0) / PAGE);
      state.draw();
    };
    state.show = (items) => {
      state.items = items;
      state.at = 0;
      state.draw();
    };
    back.addEventListener("click", () => { state.at -= 1; state.draw(); });
    next.addEventListener("click", () => { state.at += 1; state.draw(); });
    return state;
  }

  function apply() {
    const want = wanted();
    const { kept, count } = select(want);
    pagers.matrix.show(kept.map((unit) => unit.row));
    pagers.units.show(kept.filter((unit) => unit.detail).map((unit) => unit.detail));
    found.textContent = `显示 ${kept.length} 份，${count} 处问题`;
    return want;
  }

  function remember(want) {
    const set = Object.entries(want).filter(([, value]) => value);
    const hash = set.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
    try {
      history.replaceState(null, "", `#${hash}`);
    } catch {
      /* some viewers of local files forbid it; the filters work all the same */
    }
  }

  function follow() {
    const hash = location.hash.slice(1);
    if (/^u\d+$/.test(hash)) {
      const detail = details.get(hash.slice(1));
      if (!detail) return;
      if (!pagers.units.items.includes(detail)) { form.reset(); apply(); }
      pagers.units.reveal(detail);
      detail.open = true;
      detail.scrollIntoView();
    } else if (hash.includes("=")) {
      const asked = new URLSearchParams(hash.replaceAll("+", "%2B"));
      for (const name of names) form.elements[name].value = asked.get(name) ?? "";
      apply();
      if (document.readyState === "complete") form.scrollIntoView();
    }
  }

  function print(open) {
    for (const { items } of [pagers.matrix, pagers.units]) {
      for (const one of items) one.hidden = false;
    }
    for (const one of pagers.units.items) {
      if (open) one.dataset.was = one.open ? "open" : "";
      one.open = open || one.dataset.was === "open";
    }
    if (!open) { pagers.matrix.draw(); pagers.units.draw(); }
  }

  pagers.matrix = pager("matrix", units.map((unit) => unit.row));
  pagers.units = pager("units", [...details.values()]);
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => remember(apply()));
  form.addEventListener("reset", () => setTimeout(() => remember(apply())));
  window.addEventListener("hashchange", follow);
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));
  apply();
  follow();
})();
