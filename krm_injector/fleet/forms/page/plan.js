if ($("#table")) {
  const rows = data.workloads.map(([target, cluster, kind, namespace, name, wave, how, pods, group, replicas, told, outage, decides]) => {
    const one = {
      target: text(target), cluster: text(cluster), kind: text(kind), namespace: text(namespace), name: text(name), wave, how: text(how), pods, group,
      replicas: text(replicas), told: text(told), outage, decides: text(decides),
    };
    one.words = () => [one.kind, one.name, one.namespace, one.target, one.cluster, one.how, one.replicas];
    return one;
  });

  const link = (id, name) => {
    const made = element("a", "", name);
    made.href = "#" + id;
    return made;
  };

  list({
    rows,
    choices: ["wave", "group", "cluster", "namespace", "how"],
    className: (one) => one.outage ? " outage" : "",
    cells: (one) => [element("td", "", element("bdi", "", one.namespace)), element("td", "", path(one.target)), element("td", "n", String(one.wave || "–")),
      element("td", "", one.how + (one.outage ? ": no pod serves for a while" : "")), element("td", "n", number(one.pods)), element("td", "n", one.group ? "#" + one.group : "–")],
    shows: (one, kind) => kind === "outage" && one.outage,
    keys: [(one) => one.name, (one) => one.namespace, (one) => one.target, (one) => one.wave, (one) => one.how, (one) => one.pods, (one) => one.group],
    detail: (one) => [facts(["Replicas", one.replicas], ["Replaced", one.told], ["Asked by", one.decides], ["Target", one.target], ["Cluster", one.cluster],
      ["Wave", one.wave ? link("wave-" + one.wave, String(one.wave)) : ""], ["Change", one.group ? link("group-" + one.group, "#" + one.group) : ""])],
  });
}

// A link into an entry that is closed opens it.
function opened() {
  const asked = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (asked && asked.tagName === "DETAILS") asked.open = true;
}
addEventListener("hashchange", opened);
opened();
