"use strict";
// What the fleet's pages share: a long list with filters, of which only what is looked at is drawn.

const $ = (selector, from = document) => from.querySelector(selector);
const data = JSON.parse($("#data").textContent);
const text = (number) => data.texts[number];
const number = (value) => value.toLocaleString("en");
const counted = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const visible = (value) => String(value).replace(hidden, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const child of children) made.append(typeof child === "object" ? child : visible(child));
  return made;
}

// A path, which may be broken behind each slash.
function path(value) {
  const made = element("bdi", "");
  for (const part of value.split(/(?<=\/)/)) made.append(visible(part), element("wbr", ""));
  return made;
}

function facts(...pairs) {
  const list = element("dl");
  for (const [name, value] of pairs) if (value) list.append(element("dt", "", name), element("dd", "", value));
  return list;
}

// rows: objects, each with kind and name, a field for each choice, and words (a function) to search in.
// cells(one): those of its row behind the name; className(one); shows(one, kind): whether it fits the
// radio button; keys: what each column is sorted by; detail(one): elements of the opened row.
function list({ rows, choices, cells, className, shows, keys, detail }) {
  const body = $("#table tbody"), find = $("#find"), form = $(".bar"), selects = choices.map((name) => $("#" + name));
  const page = 200; // rows drawn at once: with many thousands a browser thinks for seconds about each key
  const columns = $("#table thead tr").children.length;
  const checked = () => $("[name=show]:checked")?.value || "all";
  let fitting = rows, drawn = 0;
  rows.forEach((one, index) => Object.assign(one, { index, row: null, detail: null, searched: null }));

  function show() {
    const asked = find.value.toLowerCase().split(/\s+/).filter(Boolean), kind = checked();
    const wanted = selects.filter((select) => select.value !== "*").map((select) => [select.id, select.value]);
    fitting = rows.filter((one) => wanted.every(([name, value]) => String(one[name]) === value) && (kind === "all" || shows(one, kind)) &&
      asked.every((word) => (one.searched ??= one.words().join("\n").toLowerCase()).includes(word)));
    drawn = 0;
    body.replaceChildren();
    draw();
    $("#shown").textContent = fitting.length === rows.length ? counted(rows.length, "workload") : `${number(fitting.length)} of ${number(rows.length)}`;
    $("#nothing").hidden = fitting.length > 0 || rows.length === 0;
  }

  function draw() {
    const part = document.createDocumentFragment();
    for (const one of fitting.slice(drawn, drawn + page)) {
      part.append((one.row ??= row(one)));
      if (one.detail) part.append(one.detail);
    }
    body.append(part);
    drawn = Math.min(drawn + page, fitting.length);
    const rest = fitting.length - drawn;
    $("#more").hidden = rest === 0;
    $("#more span").textContent = `${number(rest)} more ${rest === 1 ? "fits" : "fit"}.`;
    $("#more button").textContent = rest > page ? `Show ${page} of them` : "Show them too";
  }

  function row(one) {
    const open = element("button", "open", element("span", "kind", one.kind), " ", element("bdi", "name", one.name));
    open.setAttribute("aria-expanded", "false");
    open.setAttribute("aria-controls", "r" + one.index);
    const made = element("tr", "w" + className(one), element("td", "", open), ...cells(one));
    made.one = one;
    return made;
  }

  function toggle(made) {
    const one = made.one, opens = !one.detail;
    $(".open", made).setAttribute("aria-expanded", String(opens));
    if (!opens) { one.detail.remove(); one.detail = null; return; }
    const cell = element("td", "", ...detail(one));
    cell.colSpan = columns;
    one.detail = element("tr", "detail", cell);
    one.detail.id = "r" + one.index;
    made.after(one.detail);
  }

  const compare = new Intl.Collator(undefined, { numeric: true }).compare;

  function sort(head) {
    const key = keys[head.cellIndex], up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentElement.children) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const keyed = rows.map((one) => [String(key(one)), one]).sort((a, b) => (up ? 1 : -1) * compare(a[0], b[0]));
    rows.splice(0, rows.length, ...keyed.map(([, one]) => one));
    show();
  }

  function clear() {
    find.value = "";
    for (const select of selects) select.value = "*";
    const all = $("[name=show][value=all]");
    if (all) all.checked = true;
    show();
  }

  // What a section tells of, as filters of the list.
  function filter({ dataset }) {
    clear();
    find.value = dataset.find || "";
    for (const select of selects) select.value = dataset[select.id] ?? "*";
    if (dataset.show) $(`[name=show][value="${dataset.show}"]`).checked = true;
    show();
    $("#workloads").scrollIntoView();
    find.focus({ preventScroll: true });
  }

  function step(by) {
    const all = [...body.querySelectorAll("tr.w .open")];
    const next = all[Math.min(Math.max(all.indexOf(document.activeElement) + by, 0), all.length - 1)];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }

  body.addEventListener("click", (event) => {
    const made = event.target.closest("tr.w");
    if (made && (event.target.closest(".open") || getSelection().isCollapsed)) toggle(made);
  });
  $("#table thead").addEventListener("click", (event) => event.target.closest("button") && sort(event.target.closest("th")));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", show);
  $("#nothing button").addEventListener("click", clear);
  $("#more button").addEventListener("click", () => {
    const first = fitting[drawn];
    draw();
    $(".open", first.row).focus();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.filter");
    if (button) filter(button);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target === find || selects.includes(event.target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { clear(); if (event.target === find) find.blur(); }
    else if (event.key === "ArrowDown" && event.target === find) step(1);
    else if (typing) return;
    else if (event.key === "/") find.focus();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else return;
    event.preventDefault();
  });
  show();
}
