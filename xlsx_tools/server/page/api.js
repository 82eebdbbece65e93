// Talks to the server: the token, JSON, files. Nothing here touches the page.

const KEY = "nianbao-token";
const PREFIX = "/api/v1";

export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The token of the address that the server showed; it does not stay in the address. */
export function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found) {
    sessionStorage.setItem(KEY, found);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEY) !== null;
}

export function setToken(token) {
  sessionStorage.setItem(KEY, token);
}

async function call(method, path, body, headers = {}) {
  const token = sessionStorage.getItem(KEY) ?? "";
  let response;
  try {
    response = await fetch(PREFIX + path, {
      method, body, headers: { Authorization: `Bearer ${token}`, ...headers },
    });
  } catch {
    throw new Refusal(0, "", "连接不到服务，可能已经停止。请重新启动后再试。");
  }
  if (response.ok) return response;
  let said = {};
  try {
    said = await response.json();
  } catch { /* no answer of ours */ }
  throw new Refusal(response.status, said.code ?? "", said.message ?? "服务没有给出说明。");
}

export async function get(path) {
  return (await call("GET", path)).json();
}

export async function post(path, found) {
  const headers = { "Content-Type": "application/json" };
  return (await call("POST", path, JSON.stringify(found), headers)).json();
}

export async function remove(path) {
  return (await call("DELETE", path)).json();
}

export async function putRoster(file) {
  return (await call("PUT", "/roster", file, { "Content-Type": "text/csv" })).json();
}

export async function upload(file) {
  const path = `/submissions?name=${encodeURIComponent(file.name.slice(-400))}`;
  const headers = { "Content-Type": "application/octet-stream" };
  return (await call("POST", path, file, headers)).json();
}

/** Have the browser save what the server gives, under the name that it gives. */
export async function save(path, request) {
  const response = request
    ? await call("POST", path, JSON.stringify(request), { "Content-Type": "application/json" })
    : await call("GET", path);
  const said = response.headers.get("Content-Disposition") ?? "";
  const star = /filename\*=UTF-8''([^;]+)/.exec(said);
  const plain = /filename="([^"]+)"/.exec(said);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = star ? decodeURIComponent(star[1]) : plain ? plain[1] : "下载";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
