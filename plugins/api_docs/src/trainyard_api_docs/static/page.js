// The page: asks for a token, reads the OpenAPI document with it, lists routes and sends what a person tries.
// Text from the server is only ever set as text.

import { Schemas } from "./schema.js";

const KEY = "trainyard-token";
const METHODS = ["get", "post", "put", "patch", "delete"];
const SHOWN = 200_000;
const ROOT = location.pathname.replace(/\/docs\/?$/, "/"); // `/api/`, behind whatever prefix a proxy puts
const find = (id) => document.getElementById(id);
let schemas = new Schemas({});

function make(tag, given = {}, ...children) {
  const element = Object.assign(document.createElement(tag), given);
  element.append(...children.filter((child) => child !== null));
  return element;
}

function say(text, wrong = false) {
  find("message").textContent = text;
  find("message").className = wrong ? "wrong" : "";
}

function ask(path, options = {}) {
  const headers = { Accept: "application/json", ...options.headers, Authorization: `Bearer ${sessionStorage.getItem(KEY)}` };
  const address = ROOT + path.replace(/^\/api\//, "");
  return fetch(address, { ...options, headers, credentials: "omit", redirect: "error", cache: "no-store" });
}

async function open() {
  try {
    const answer = await ask("/api/v1/openapi.json");
    const body = await answer.json();
    if (!answer.ok) {
      sessionStorage.removeItem(KEY);
      return say(`${answer.status}: ${body.detail ?? body.title}. ${body.fix ?? ""}`, true);
    }
    show(body);
  } catch (error) {
    say(`The server does not answer: ${error.message}`, true);
  }
  return undefined;
}

function show(document) {
  schemas = new Schemas(document);
  find("version").textContent = document.info.version;
  find("reader").hidden = false;
  find("logout").hidden = false;
  find("token").value = "";
  say("What you try here is done, with the rights of your token.");
  const groups = grouped(document);
  find("routes").replaceChildren(...[...groups].map(([tag, routes]) => section(tag, routes)), models(document));
  find("tags").replaceChildren(
    ...[...groups.keys(), "schemas"].map((tag) => make("li", {}, make("a", { href: `#${tag}`, textContent: tag }))),
  );
}

function grouped(document) {
  const groups = new Map();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS.filter((each) => item[each])) {
      const tag = item[method].tags?.[0] ?? "other";
      groups.set(tag, [...(groups.get(tag) ?? []), { path, method, operation: item[method], shared: item.parameters ?? [] }]);
    }
  }
  return new Map([...groups].sort(([one], [other]) => one.localeCompare(other)));
}

function section(tag, routes) {
  return make("section", {}, make("h2", { id: tag, textContent: tag }), ...routes.map(route));
}

function route({ path, method, operation, shared }) {
  const told = operation.description ?? operation.summary ?? "";
  const box = make(
    "details",
    { className: "route", id: `${method} ${path}` },
    make(
      "summary",
      {},
      make("span", { className: `method ${method}`, textContent: method.toUpperCase() }),
      make("span", { className: "path", textContent: path }),
      make("span", { className: "summary", textContent: sentence(told) }),
    ),
  );
  box.addEventListener("toggle", () => {
    if (box.open && box.children.length === 1) box.append(details({ path, method, operation, shared, told }));
  });
  return box;
}

// The first sentence, without the line breaks of the source.
function sentence(text) {
  const line = text.replace(/\s+/g, " ");
  return line.match(/^.*?[.;](?= |$)/)?.[0].replace(/;$/, ".") ?? line;
}

function details({ path, method, operation, shared, told }) {
  const parameters = [...shared, ...(operation.parameters ?? [])].map((each) => schemas.resolve(each));
  const content = schemas.resolve(operation.requestBody).content ?? {};
  const body = content["application/json"]?.schema;
  return make(
    "div",
    {},
    make("p", { textContent: `${told.replace(/\s+/g, " ")} What has a * must be given.` }),
    parameters.length ? make("h3", { textContent: "Parameters" }) : null,
    parameters.length ? table(["name", "in", "type", ""], parameters.map(row)) : null,
    body ? make("h3", { textContent: `Body: ${schemas.words(body)}` }) : null,
    body ? fields(body) : null,
    make("h3", { textContent: "Answers" }),
    table(["status", "type", ""], Object.entries(operation.responses ?? {}).map(answer)),
    make("h3", { textContent: "Try it" }),
    trial({ path, method, parameters, body, binary: !body && Object.keys(content).length > 0 }),
  );
}

function row(parameter) {
  const name = parameter.required ? `${parameter.name} *` : parameter.name;
  return [name, parameter.in, schemas.words(parameter.schema), parameter.description ?? ""];
}

function answer([status, given]) {
  const response = schemas.resolve(given);
  const [kind, content] = Object.entries(response.content ?? {})[0] ?? ["", null];
  const type = content?.schema && kind.includes("json") ? schemas.words(content.schema) : kind;
  return [status, type, response.description ?? ""];
}

function fields(schema) {
  const found = schemas.fields(schema);
  return table(["field", "type", ""], found.map((each) => [each.required ? `${each.name} *` : each.name, each.type, each.text]));
}

function table(headers, rows) {
  const cells = (tag, texts) => make("tr", {}, ...texts.map((text) => make(tag, { textContent: text })));
  return make("table", {}, make("thead", {}, cells("th", headers)), make("tbody", {}, ...rows.map((each) => cells("td", each))));
}

function models(document) {
  const named = Object.entries(document.components?.schemas ?? {}).sort(([one], [other]) => one.localeCompare(other));
  const boxes = named.map(([name, schema]) =>
    make(
      "details",
      { className: "route" },
      make("summary", {}, make("span", { className: "path", textContent: name })),
      make("div", {}, make("p", { textContent: schema.description ?? "" }), fields(schema)),
    ),
  );
  return make("section", {}, make("h2", { id: "schemas", textContent: "schemas" }), ...boxes);
}

function trial({ path, method, parameters, body, binary }) {
  const inputs = new Map(
    parameters.filter((each) => each.in === "path" || each.in === "query").map((each) => [each, make("input", { name: each.name })]),
  );
  const text = body ? make("textarea", { name: "body", value: JSON.stringify(schemas.example(body), null, 2), spellcheck: false }) : null;
  if (text) text.setAttribute("aria-label", "body");
  const file = binary ? make("input", { type: "file" }) : null;
  const shown = make("div", { className: "shown" });
  const form = make(
    "form",
    { className: "try" },
    ...[...inputs].map(([parameter, input]) => make("label", {}, make("code", { textContent: parameter.name }), input)),
    text,
    file,
    make("button", { textContent: `Send ${method.toUpperCase()}` }),
    shown,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const content = text ? { body: text.value, headers: { "Content-Type": "application/json" } } : file?.files[0] ? { body: file.files[0] } : {};
    shown.replaceChildren(...(await send(address(path, inputs), { method: method.toUpperCase(), ...content })));
  });
  return form;
}

function address(path, inputs) {
  let filled = path;
  const query = new URLSearchParams();
  for (const [parameter, { value }] of inputs) {
    const mark = new RegExp(`\\{${parameter.name.replace(/[^\w]/g, "\\$&")}(:[^}]*)?\\}`);
    if (parameter.in === "path") filled = filled.replace(mark, () => encodeURIComponent(value).replaceAll("%2F", "/"));
    else if (value !== "") query.append(parameter.name, value);
  }
  return query.size ? `${filled}?${query}` : filled;
}

async function send(path, options) {
  const start = performance.now();
  try {
    const found = await ask(path, options);
    const took = Math.round(performance.now() - start);
    const text = await first(found);
    return [
      make("p", { className: "status", textContent: `${found.status} ${found.statusText}, ${took} ms, ${found.headers.get("content-type") ?? "no body"}` }),
      make("pre", { textContent: pretty(text) }),
    ];
  } catch (error) {
    return [make("p", { className: "status wrong", textContent: `No answer: ${error.message}` })];
  }
}

// The first part of an answer: a stream has no end, and a file may be large.
async function first(answer) {
  if (!answer.body) return "";
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  const streams = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
  let text = "";
  while (text.length < SHOWN) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
    if (streams && text.includes("\n\n")) break;
  }
  await reader.cancel();
  return `${text}\n...`;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

find("login").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, find("token").value.trim());
  open();
});
find("logout").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  location.reload();
});
find("filter").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  for (const box of document.querySelectorAll("details.route")) {
    box.hidden = !box.querySelector("summary").textContent.toLowerCase().includes(wanted);
  }
});
if (sessionStorage.getItem(KEY)) open();
