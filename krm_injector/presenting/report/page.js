"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const body = $("#table tbody"), find = $("#find"), space = $("#namespace");
  const rows = [...body.children].map((row) => ({ row, text: row.textContent.toLowerCase(), detail: null }));
  const byRow = new Map(rows.map((one) => [one.row, one]));
  let shared = null; // the evidence of all workloads, read when the first is opened
  const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
  const visible = (text) => String(text).replace(hidden, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));

  function element(name, className, ...children) {
    const made = document.createElement(name);
    if (className) made.className = className;
    for (const child of children) made.append(typeof child === "object" ? child : visible(child));
    return made;
  }

  // ---- filter and sort

  function show() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = $("[name=show]:checked").value;
    let count = 0, shown = 0;
    for (const { row, text, detail } of rows) {
      const injected = row.classList.contains("yes");
      const fits = words.every((word) => text.includes(word)) &&
        (space.value === "*" || row.dataset.ns === space.value) &&
        (kind === "all" || (kind === "yes" && injected) || (kind === "no" && !injected) ||
          (kind === "warned" && Number(row.lastElementChild.dataset.v) >= 1000));
      const drawn = fits && (everything || shown < most);
      if (row.hidden === drawn) row.hidden = !drawn;
      if (detail) detail.hidden = !drawn || !opened(row);
      count += fits;
      shown += drawn;
    }
    const number = (value) => value.toLocaleString("en");
    $("#shown").textContent = count === rows.length ? `${number(count)} workload${count === 1 ? "" : "s"}` : `${number(count)} of ${number(rows.length)}`;
    $("#nothing").hidden = count > 0 || rows.length === 0;
    $("#more").hidden = shown === count;
    $("#more span").textContent = `${number(count - shown)} more fit.`;
  }

  const most = 1000; // rows drawn at once: with more of them a browser thinks for seconds about each key
  let everything = false;
  const opened = (row) => $(".open", row).getAttribute("aria-expanded") === "true";
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;

  function sort(head) {
    const column = head.cellIndex, up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentElement.children) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = (one) => one.row.cells[column].dataset.v || (column === 0 ? $(".name", one.row) : one.row.cells[column]).textContent;
    const keyed = rows.map((one) => [key(one), one]).sort((a, b) => (up ? 1 : -1) * compare(a[0], b[0]));
    rows.splice(0, rows.length, ...keyed.map(([, one]) => one));
    const sorted = document.createDocumentFragment();
    for (const one of rows) sorted.append(...(one.detail ? [one.row, one.detail] : [one.row]));
    body.append(sorted);
    show();
  }

  // ---- one workload

  function toggle(row) {
    const open = !opened(row), one = byRow.get(row);
    $(".open", row).setAttribute("aria-expanded", String(open));
    if (open && !one.detail) {
      one.detail = detail(row.dataset.n);
      row.after(one.detail);
    }
    if (one.detail) one.detail.hidden = !open;
  }

  function detail(number) {
    const data = JSON.parse($("#d" + number).textContent);
    const cell = element("td");
    cell.colSpan = 6;
    if (data.warnings.length) {
      const list = element("ul");
      for (const [severity, word, code, message] of data.warnings)
        list.append(element("li", "", element("span", "chip " + severity, word), " ", message, " ", element("code", "", code)));
      cell.append(element("h3", "", "Warnings and notes"), list);
    }
    shared ??= JSON.parse($("#evidence").textContent);
    cell.append(...evidence(data.evidence.map((at) => shared[at])));
    if (data.doubt) cell.append(element("h3", "", "Perhaps meant in"), element("p", "", data.doubt));
    if (data.noChange) cell.append(element("p", "", data.noChange));
    if (data.changes.length) {
      const list = element("ul", "plain");
      for (const change of data.changes) list.append(element("li", "", change));
      cell.append(element("h3", "", data.changes.length > 1 ? "What would change it: one of" : "What would change it"), list);
    }
    if (data.omitted) cell.append(element("p", "none", `The manifest before and after is not here: only the first ${data.omitted.toLocaleString("en")} workloads carry theirs.`));
    else if (data.after) cell.append(element("h3", "", "Before and after"), diff(yaml(data.before), yaml(data.after)));
    const row = element("tr", "detail", cell);
    row.id = "r" + number;
    return row;
  }

  const asked = /^(namespaceSelector|objectSelector) of (.+)$/;

  // The webhooks with their two selectors, those that match first; then the rules of the pod, in their order.
  function evidence(entries) {
    const webhooks = new Map(), rules = element("ol"), found = [];
    for (const one of entries) {
      const parts = asked.exec(one.rule);
      if (parts) webhooks.set(parts[2], [...(webhooks.get(parts[2]) || []), [parts[1], one]]);
      else rules.append(line(one.rule, one));
    }
    const takes = (both) => both.every(([, one]) => one.outcome === "matches");
    const matching = [], others = [];
    for (const [name, both] of webhooks) (takes(both) ? matching : others).push(webhook(name, both, takes(both)));
    if (webhooks.size) found.push(element("h3", "", "Webhooks, by their selectors"), ...matching);
    if (matching.length && others.length) {
      const more = element("details", "others", element("summary", "", others.length === 1 ? "1 that does not match" : `${others.length} that do not match`), ...others);
      found.push(more);
    } else found.push(...others);
    if (rules.childElementCount) found.push(element("h3", "", "Istio's rules, in their order"), rules);
    return found;
  }

  function webhook(name, both, takes) {
    const unsure = both.some(([, one]) => one.outcome === "unknown") && !both.some(([, one]) => one.outcome === "fails");
    const verdict = takes ? "matches" : unsure ? "is undecided" : "does not match";
    const list = element("ol", "", ...both.map(([selector, one]) => line(selector, one)));
    return element("div", "webhook" + (takes ? " yes" : ""), element("p", "", element("code", "", name), " ", verdict), list);
  }

  const marks = { matches: "✓", fails: "✗", inject: "✓", skip: "✗", unknown: "?" };

  function line(rule, one) {
    const place = one.file ? one.file + (one.line ? ":" + one.line : "") : one.line ? "line " + one.line : "";
    const decided = one.outcome === "inject" || one.outcome === "skip";
    const words = decided || one.outcome === "no opinion" || one.outcome === "unknown" ? one.outcome + ": " + one.detail : one.detail;
    const said = element("span", decided ? "decided" : "", words);
    if (place) said.append(" ", element("em", "", place));
    const mark = element("span", "outcome " + one.outcome.split(" ")[0], marks[one.outcome] || "–");
    mark.title = one.outcome;
    return element("li", "", mark, element("span", "asked", rule), said);
  }

  // ---- YAML, for reading

  function yaml(value) {
    const lines = [];
    write(value, "", "", lines);
    return lines;
  }

  const plain = /^[A-Za-z_./][\w./:@%+-]*( [\w./:@%+(),-]+)*$/;
  const special = /^(true|false|null|yes|no|on|off|y|n|~)$/i;

  function scalar(value, indent) {
    if (typeof value !== "string") return [JSON.stringify(value)];
    if (value.includes("\n") && !hidden.test(value)) {
      const lines = value.split("\n"), ends = lines[lines.length - 1] === "";
      return [ends ? "|" : "|-", ...(ends ? lines.slice(0, -1) : lines).map((line) => indent + line)];
    }
    return [plain.test(value) && !special.test(value) && !value.endsWith(":") ? value : JSON.stringify(value)];
  }

  function write(value, first, indent, lines) {
    const many = value !== null && typeof value === "object";
    if (!many || !Object.keys(value).length) {
      const [head, ...rest] = many ? [Array.isArray(value) ? "[]" : "{}"] : scalar(value, indent + "  ");
      lines.push(first + head, ...rest);
      return;
    }
    let lead = first;
    for (const [key, member] of Object.entries(value)) {
      const list = Array.isArray(value), nested = member !== null && typeof member === "object" && Object.keys(member).length;
      if (list) write(member, lead + "- ", indent + "  ", lines);
      else {
        const name = lead + (plain.test(key) && !special.test(key) ? key : JSON.stringify(key)) + ":";
        if (!nested) write(member, name + " ", indent, lines);
        else {
          lines.push(name);
          const inner = Array.isArray(member) ? indent : indent + "  ";
          write(member, inner, inner, lines);
        }
      }
      lead = indent;
    }
  }

  // ---- diff, side by side

  function pairs(a, b) {
    let start = 0, enda = a.length, endb = b.length;
    while (start < enda && start < endb && a[start] === b[start]) start++;
    while (enda > start && endb > start && a[enda - 1] === b[endb - 1]) { enda--; endb--; }
    const found = [];
    for (let i = 0; i < start; i++) found.push([i, i]);
    const n = enda - start, m = endb - start;
    if (n * m <= 9e6) {
      const width = m + 1, best = new Uint16Array((n + 1) * width);
      for (let i = n - 1; i >= 0; i--)
        for (let j = m - 1; j >= 0; j--)
          best[i * width + j] = a[start + i] === b[start + j] ? best[(i + 1) * width + j + 1] + 1
            : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
      for (let i = 0, j = 0; i < n && j < m;) {
        if (a[start + i] === b[start + j]) found.push([start + i++, start + j++]);
        else if (best[(i + 1) * width + j] >= best[i * width + j + 1]) i++;
        else j++;
      }
    }
    for (let i = 0; enda + i <= a.length; i++) found.push([enda + i, endb + i]);
    return found;
  }

  const longest = 240; // characters of a line at first: annotations hold whole documents

  function code(text, kind) {
    if (text.length < longest + 60) return element("td", kind, text);
    const button = element("button", "long", ` … ${text.length - longest} more characters`), cell = element("td", kind, text.slice(0, longest), button);
    button.type = "button";
    button.onclick = () => button.replaceWith(visible(text.slice(longest)));
    return cell;
  }

  function diff(before, after) {
    const inner = element("tbody");
    const line = (left, right) => {
      const same = left !== null && right !== null && before[left] === after[right];
      const side = (lines, at, kind) => [
        element("td", "no" + (at === null ? " void" : ""), at === null ? "" : String(at + 1)),
        at === null ? element("td", "void") : code(lines[at], same ? "" : kind),
      ];
      return element("tr", same ? "same" : "", ...side(before, left, "cut"), ...side(after, right, "add"));
    };
    let a = 0, b = 0, run = [];
    const flush = (last) => {
      const head = a + b === 0 && !inner.firstChild ? 0 : 3, tail = last ? 0 : 3;
      if (run.length > head + tail + 3) {
        const folded = run.slice(head, run.length - tail);
        run.slice(0, head).forEach(([l, r]) => inner.append(line(l, r)));
        const button = element("button", "", `${folded.length} lines the same`), cell = element("td", "", button), row = element("tr", "fold", cell);
        button.type = "button";
        cell.colSpan = 4;
        button.onclick = () => row.replaceWith(...folded.map(([l, r]) => line(l, r)));
        inner.append(row);
        run = run.slice(run.length - tail, run.length);
        if (!tail) run = [];
      }
      run.forEach(([l, r]) => inner.append(line(l, r)));
      run = [];
    };
    for (const [i, j] of pairs(before, after)) {
      if (i > a || j > b) {
        flush(false);
        while (a < i || b < j) inner.append(line(a < i ? a++ : null, b < j ? b++ : null));
      }
      if (i < before.length) run.push([a++, b++]);
    }
    flush(true);
    const heads = ["before", "after"].map((name) => { const head = element("th", "", name); head.colSpan = 2; return head; });
    const columns = element("colgroup", "", ...["3.4rem", "", "3.4rem", ""].map((width) => { const c = element("col"); c.style.width = width; return c; }));
    return element("div", "diff", element("table", "", columns, element("thead", "", element("tr", "", ...heads)), inner));
  }

  // ---- events

  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr.w");
    if (row && (event.target.closest(".open") || getSelection().isCollapsed)) toggle(row);
  });
  $("#table thead").addEventListener("click", (event) => event.target.closest("button") && sort(event.target.closest("th")));
  $(".bar").addEventListener("submit", (event) => event.preventDefault());
  $(".bar").addEventListener("input", show);
  $("#nothing button").addEventListener("click", clear);
  $("#more button").addEventListener("click", () => { everything = true; show(); });

  function clear() {
    find.value = "";
    space.value = "*";
    $("[name=show][value=all]").checked = true;
    show();
  }

  function step(by) {
    const all = [...body.querySelectorAll("tr.w:not([hidden]) .open")];
    const next = all[Math.min(Math.max(all.indexOf(document.activeElement) + by, 0), all.length - 1)];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target === find || event.target === space;
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
})();
