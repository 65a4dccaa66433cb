"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const data = JSON.parse($("#data").textContent);
  const text = (number) => data.texts[number];
  const body = $("#table tbody"), find = $("#find"), form = $(".bar");
  const choices = ["cluster", "namespace", "reason"].map((name) => $("#" + name));
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

  // ---- the workloads: a row of numbers each, an element only when it is drawn

  const severities = ["error", "warning", "info"], nouns = [["error", "errors"], ["warning", "warnings"], ["note", "notes"]];
  const rows = data.workloads.map(([target, kind, namespace, name, verdict, reason, rule, ready, unlike, meant, advice], index) => {
    const [targetName, cluster] = data.targets[target];
    const one = {
      index, target, kind: text(kind), namespace: text(namespace), name: text(name), verdict: text(verdict), reason: text(reason),
      rule: text(rule), ready: text(ready), unlike, meant, advice, targetName: text(targetName), cluster: text(cluster), row: null, detail: null,
    };
    one.counts = [0, 0, 0];
    for (const [severity] of advice) one.counts[severity]++;
    return one;
  });
  const searched = (one) => (one.searched ??= [one.kind, one.name, one.namespace, one.targetName, one.cluster, one.verdict, one.reason, one.rule,
    ...one.advice.map(([, code]) => text(code))].join("\n").toLowerCase());

  const page = 300; // rows drawn at once: with many thousands a browser thinks for seconds about each key
  let fitting = rows, drawn = 0;

  function fits(one, words, kind) {
    const [cluster, namespace, reason] = choices.map((choice) => choice.value);
    return (cluster === "*" || one.cluster === cluster) && (namespace === "*" || one.namespace === namespace) &&
      (reason === "*" || one.reason === reason) &&
      (kind === "all" || one.verdict === kind || ((kind === "unlike" || kind === "meant") && one[kind]) || (kind === "warned" && (one.counts[0] || one.counts[1]))) &&
      words.every((word) => searched(one).includes(word));
  }

  function show() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean), kind = $("[name=show]:checked").value;
    fitting = rows.filter((one) => fits(one, words, kind));
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

  const marks = { injected: " yes", error: " error" };

  function row(one) {
    const open = element("button", "open", element("span", "kind", one.kind), " ", element("bdi", "name", one.name));
    open.setAttribute("aria-expanded", "false");
    open.setAttribute("aria-controls", "r" + one.index);
    const target = element("td", "", element("bdi", "", one.targetName));
    const chips = element("td", "n");
    one.counts.forEach((count, at) => {
      if (!count) return;
      const chip = element("span", "chip " + severities[at], String(count));
      chip.title = `${count} ${nouns[at][count === 1 ? 0 : 1]}`;
      chips.append(chip, " ");
    });
    const made = element("tr", "w" + (marks[one.verdict] || ""), element("td", "", open), element("td", "", element("bdi", "", one.namespace)), target,
      element("td", "", element("span", "verdict", one.verdict)), element("td", "ready", one.ready), element("td", "rule", one.rule), chips);
    made.one = one;
    return made;
  }

  // ---- one workload

  function toggle(made) {
    const one = made.one, opens = !one.detail;
    $(".open", made).setAttribute("aria-expanded", String(opens));
    if (opens) made.after((one.detail = detail(one)));
    else { one.detail.remove(); one.detail = null; }
  }

  function detail(one) {
    const [, , path, why] = data.targets[one.target], told = data.told[one.index] || {}, cell = element("td");
    cell.colSpan = 7;
    if (told.errors || one.advice.length) {
      const list = element("ul");
      for (const message of told.errors || []) list.append(element("li", "", element("span", "chip error", "error"), " ", text(message)));
      for (const [severity, code, message] of one.advice)
        list.append(element("li", "", element("span", "chip " + severities[severity], nouns[severity][0]), " ", text(message), " ", element("code", "", text(code))));
      cell.append(element("h3", "", "Errors, warnings and notes"), list);
    }
    if (one.unlike) cell.append(element("h3", "", "Unlike most other targets"), element("p", "", text(data.unlike[one.unlike - 1])));
    if (told.doubt !== undefined) cell.append(element("h3", "", "Perhaps meant in"), element("p", "", text(told.doubt)));
    if (told.change !== undefined) cell.append(element("p", "remedy", text(told.change)));
    const facts = element("dl");
    const fact = (name, value) => value && facts.append(element("dt", "", name), element("dd", "", value));
    fact("Deciding rule", `${one.rule} (${one.reason})`);
    fact("Control plane", told.plane === undefined ? "" : text(told.plane));
    fact("Target", one.targetName);
    fact("Cluster", one.cluster);
    fact("Directory", text(path));
    fact("Found as", text(why));
    cell.append(element("h3", "", "Where"), facts);
    const made = element("tr", "detail", cell);
    made.id = "r" + one.index;
    return made;
  }

  // ---- sort

  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  const keys = [
    (one) => one.name, (one) => one.namespace, (one) => one.targetName, (one) => one.verdict, (one) => one.ready, (one) => one.rule,
    (one) => String(one.counts[0] * 1e6 + one.counts[1] * 1e3 + one.counts[2]),
  ];

  function sort(head) {
    const key = keys[head.cellIndex], up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentElement.children) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const keyed = rows.map((one) => [key(one), one]).sort((a, b) => (up ? 1 : -1) * compare(a[0], b[0]));
    rows.splice(0, rows.length, ...keyed.map(([, one]) => one));
    show();
  }

  // ---- events

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

  function clear() {
    find.value = "";
    for (const choice of choices) choice.value = "*";
    $("[name=show][value=all]").checked = true;
    show();
  }

  // What a section tells of, as a filter of the list.
  for (const button of document.querySelectorAll("button[data-show], button[data-cluster], button[data-reason], button[data-namespace], button[data-find]")) {
    button.addEventListener("click", () => {
      clear();
      find.value = button.dataset.find || "";
      for (const choice of choices) choice.value = button.dataset[choice.id] ?? "*";
      if (button.dataset.show) $(`[name=show][value="${button.dataset.show}"]`).checked = true;
      show();
      $("#workloads").scrollIntoView();
      find.focus({ preventScroll: true });
    });
  }

  function step(by) {
    const all = [...body.querySelectorAll("tr.w .open")];
    const next = all[Math.min(Math.max(all.indexOf(document.activeElement) + by, 0), all.length - 1)];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target === find || choices.includes(event.target);
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
  for (const button of document.querySelectorAll("[data-shows]")) {
    const rest = document.getElementById(button.dataset.shows);
    rest.hidden = true;
    button.addEventListener("click", () => { rest.hidden = false; button.remove(); });
  }

  // On paper every exception is told; what was closed is closed again after.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
  show();
})();
