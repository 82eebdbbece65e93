// What the server says, as elements. Every text goes in as text, never as markup.

export const STATUS = {
  passed: ["通过", "right"],
  passed_with_reasons: ["通过（附说明）", "explained"],
  failed: ["未通过", "open"],
  not_filled: ["尚未填写", "doubt"],
  unreadable: ["无法读取", "refused"],
};
const STANDING = {
  missing: ["未报", "open"],
  failed: ["已报未通过", "open"],
  passed: ["通过", "right"],
  nil_return: ["零报告", "right"],
  duplicate: ["重复", "doubt"],
};
const SEVERITY = { mandatory: "强制性", justify: "准强制性", verify: "核实性", hint: "提示性" };
const STATE = { broken: "不成立", undecided: "无法判断", crashed: "规则出错", held: "成立" };
const SCOPE = { own: "本机关", consolidated: "本级政府汇总" };
const KIND = { use: "以这一份为准", set_aside: "这一份不计入", latest: "一律以最后收到的为准" };

/** An element with attributes and children; a child that is no element is a text. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") element.addEventListener("click", value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

export function badge([word, shade]) {
  return make("span", { class: `badge ${shade}` }, word);
}

export function table(caption, heading, rows) {
  const head = make("tr", {}, ...heading.map((word) => make("th", { scope: "col" }, word)));
  return make("div", { class: "wide", role: "region", tabindex: "0", "aria-label": caption },
    make("table", {}, make("caption", {}, caption), make("thead", {}, head),
      make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell) =>
        make("td", {}, cell)))))));
}

export function when(text) {
  return new Date(text).toLocaleString("zh-CN", { hour12: false });
}

export function statusOf(entry) {
  if (entry.queued) return ["正在校验", ""];
  if (entry.set_aside) return ["不计入", ""];
  const [word, shade] = STATUS[entry.status];
  if (!entry.counted) return [`${word}，不计入`, ""];
  const passes = entry.status.startsWith("passed");
  return passes && !entry.accepted ? [`${word}，不能汇总`, "doubt"] : [word, shade];
}

export function submissionRow(entry, actions) {
  const buttons = [make("button", { type: "button", onclick: () => actions.open(entry) }, "查看")];
  const readable = !entry.queued && entry.organisation;
  if (readable && !entry.accepted) {
    buttons.push(make("button", { type: "button", onclick: () => actions.giveBack(entry) }, "退改工作簿"));
  }
  if (readable && entry.accepted && entry.counted) {
    buttons.push(make("button", { type: "button", onclick: () => actions.receipt(entry) }, "回执"));
  }
  const scope = entry.scope === "consolidated" ? make("small", {}, SCOPE[entry.scope]) : null;
  return make("tr", { "data-id": entry.id },
    make("td", {}, entry.organisation || "（不详）", scope),
    make("td", { class: "k" }, entry.year ?? ""),
    make("td", {}, entry.label),
    make("td", { class: "k" }, badge(statusOf(entry))),
    make("td", { class: "n" }, entry.queued ? "" : String(entry.leading)),
    make("td", { class: "k" }, when(entry.received)),
    make("td", { class: "k" }, ...buttons));
}

export function finding(found) {
  const words = `${SEVERITY[found.severity]}，${STATE[found.state]}`;
  const shade = { mandatory: "open", justify: "doubt", verify: "doubt" }[found.severity] ?? "";
  const sides = found.left === null && found.right === null ? null
    : make("p", {}, `左边 ${found.left ?? "空白"}　右边 ${found.right ?? "空白"}　差额 ${found.difference ?? "—"}`);
  const cells = found.cells.map((cell) =>
    make("li", {}, `${cell.sheet} ${cell.cell}　${cell.label}：${cell.value ?? "空白"}`));
  return make("div", { class: "finding" },
    make("p", {}, badge([words, shade]), " ", found.message),
    sides,
    found.remedy ? make("p", { class: "note" }, `处理：${found.remedy}`) : null,
    make("p", { class: "note" }, `规则：${found.rule}`),
    cells.length ? make("ul", { class: "cells" }, ...cells) : null);
}

/** The findings, each leading one followed by what follows from it, folded. */
export function findings(all) {
  const folded = new Set(all.flatMap((found) => found.causes));
  const byId = new Map(all.map((found) => [found.id, found]));
  return all.filter((found) => !folded.has(found.id)).map((found) => {
    const element = finding(found);
    if (found.causes.length) {
      element.append(make("details", {}, make("summary", {}, `连带的 ${found.causes.length} 处`),
        ...found.causes.filter((id) => byId.has(id)).map((id) => finding(byId.get(id)))));
    }
    return element;
  });
}

export function roster(found) {
  const sums = Object.entries(STANDING).map(([key, [word]]) =>
    make("li", {}, make("strong", {}, String(found.sums[key] ?? 0)), word));
  sums.push(make("li", {}, make("strong", {}, String(found.sums.outside ?? 0)), "名册之外"));
  const units = found.units.map((unit) => [
    unit.name, unit.code ?? "", SCOPE[unit.scope] ?? unit.scope, badge(STANDING[unit.standing]),
    unit.files.join("、"), unit.message,
  ]);
  const outside = found.outside.map((one) => [one.file, one.organisation, one.proposed.join("、")]);
  return [
    make("ul", { class: "cards" }, ...sums),
    table("名册中的单位", ["单位", "代码", "口径", "情况", "文件", "说明"], units),
    ...(outside.length ? [table("名册之外的填报", ["文件", "单位", "可能是"], outside)] : []),
  ];
}

export function notices(found) {
  if (!found.notices.length) return [make("p", {}, "没有需要催报的单位。")];
  return found.notices.map((one) => {
    const text = `主题：${one.subject}\n\n${one.body}`;
    const copy = make("button", { type: "button", onclick: async () => {
      await navigator.clipboard.writeText(text);
      copy.textContent = "已复制";
    } }, "复制");
    const whom = [one.contact, one.email].filter(Boolean).join(" ");
    return make("details", {}, make("summary", {}, badge([one.owing, "open"]), ` ${one.name}`),
      whom ? make("p", { class: "note" }, `收件人：${whom}`) : null, make("pre", {}, text), copy);
  });
}

export function mergeSummary(found) {
  const words = `汇总数校验：${STATUS[found.status][0]}。纳入 ${found.included.length} 份，未纳入 ${found.excluded.length} 份，未报 ${found.missing.length} 个单位。`;
  return [
    make("p", {}, words),
    ...found.remarks.map((remark) => make("p", {}, remark)),
    table("纳入", ["单位", "文件"], found.included.map((one) => [one.unit, one.file])),
    table("未纳入", ["单位", "文件", "原因"], found.excluded.map((one) => [one.unit, one.file, one.why])),
    found.missing.length ? make("p", {}, `未报：${found.missing.join("、")}`) : "",
    ...findings(found.findings),
  ];
}

function revoker(one, revoke) {
  return one.revoked ? "已撤销"
    : make("button", { type: "button", onclick: () => revoke(one) }, "撤销");
}

export function waivers(found, revoke) {
  const rows = found.map((one) => [one.rule, one.unit, String(one.year), one.by, one.until, one.why,
    revoker(one, revoke)]);
  return [table("豁免清单", ["规则", "单位", "年度", "批准人", "有效期至", "理由", "操作"], rows)];
}

export function decisions(found, revoke) {
  const rows = found.map((one) => [KIND[one.kind], one.submission === null ? "" : `填报 ${one.submission}`,
    one.why, revoker(one, revoke)]);
  return [table("决定", ["决定", "对象", "理由", "操作"], rows)];
}

export function audit(lines) {
  const rows = lines.map((line) => [when(line.at), line.who, line.action, line.subject, line.detail]);
  return [table("操作记录，新的在前", ["时间", "操作人", "事项", "对象", "内容"], rows)];
}
