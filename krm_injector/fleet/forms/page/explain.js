{
  const severities = ["error", "warning", "info"], nouns = [["error", "errors"], ["warning", "warnings"], ["note", "notes"]];
  const marks = { injected: " yes", error: " error" };

  const rows = data.workloads.map(([target, kind, namespace, name, verdict, reason, rule, ready, unlike, meant, advice], index) => {
    const [targetName, cluster] = data.targets[target];
    const one = {
      target, number: index, kind: text(kind), namespace: text(namespace), name: text(name), verdict: text(verdict), reason: text(reason),
      rule: text(rule), ready: text(ready), unlike, meant, advice, targetName: text(targetName), cluster: text(cluster), counts: [0, 0, 0],
    };
    for (const [severity] of advice) one.counts[severity]++;
    one.words = () => [one.kind, one.name, one.namespace, one.targetName, one.cluster, one.verdict, one.reason, one.rule, ...advice.map(([, code]) => text(code))];
    return one;
  });

  function cells(one) {
    const chips = element("td", "n");
    one.counts.forEach((count, at) => {
      if (!count) return;
      const chip = element("span", "chip " + severities[at], String(count));
      chip.title = `${count} ${nouns[at][count === 1 ? 0 : 1]}`;
      chips.append(chip, " ");
    });
    return [element("td", "", element("bdi", "", one.namespace)), element("td", "", path(one.targetName)),
      element("td", "", element("span", "verdict", one.verdict)), element("td", "ready", one.ready), element("td", "rule", one.rule), chips];
  }

  function detail(one) {
    const [, , path, why] = data.targets[one.target], told = data.told[one.number] || {}, found = [];
    if (told.errors || one.advice.length) {
      const items = element("ul");
      for (const message of told.errors || []) items.append(element("li", "", element("span", "chip error", "error"), " ", text(message)));
      for (const [severity, code, message] of one.advice)
        items.append(element("li", "", element("span", "chip " + severities[severity], nouns[severity][0]), " ", text(message), " ", element("code", "", text(code))));
      found.push(element("h3", "", "Errors, warnings and notes"), items);
    }
    if (one.unlike) found.push(element("h3", "", "Unlike most other targets"), element("p", "", text(data.unlike[one.unlike - 1])));
    if (told.doubt !== undefined) found.push(element("h3", "", "Perhaps meant in"), element("p", "", text(told.doubt)));
    if (told.change !== undefined) found.push(element("p", "remedy", text(told.change)));
    return [...found, element("h3", "", "Where"), facts(
      ["Deciding rule", `${one.rule} (${one.reason})`], ["Control plane", told.plane === undefined ? "" : text(told.plane)],
      ["Target", one.targetName], ["Cluster", one.cluster], ["Directory", text(path)], ["Found as", text(why)])];
  }

  list({
    rows, cells, detail,
    choices: ["cluster", "namespace", "reason"],
    className: (one) => marks[one.verdict] || "",
    shows: (one, kind) => kind === "warned" ? one.counts[0] + one.counts[1] > 0 : kind === "unlike" || kind === "meant" ? one[kind] > 0 : one.verdict === kind,
    keys: [(one) => one.name, (one) => one.namespace, (one) => one.targetName, (one) => one.verdict, (one) => one.ready, (one) => one.rule,
      (one) => one.counts[0] * 1e6 + one.counts[1] * 1e3 + one.counts[2]],
  });
}
