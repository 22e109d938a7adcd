"use strict";
// what each column of the board is: how it sorts, how it looks, and what a file gets of it
(() => {
  const { make, setting, rank, method, score, verdict, published, cost } = window.cslbench;
  const number = (text, extra = "") => make("td", { class: `right ${extra}` }, text);
  const marked = (row) => (row.marks || []).map((text) => make("span", { class: "chip k-mark" }, text));
  const state = (row) => (row.theirs ? `as published: ${row.figure}, ${row.certainty}` : row.state ?? (row.one ? "one replicate" : ""));

  // `of` sorts; `up` sorts from the lowest first; `from` is the narrowest screen, pixels, that has
  // room for it unasked, and on a narrower one `under` stands below the name; `parts` are a file's cells, numbers as numbers
  const columns = (others) => [
    {
      key: "rank", name: "Rank", up: true, from: 641,
      of: (row) => row.best,
      cell: (row) => make("td", { class: "right rank" }, rank(row)),
      under: (row) => (row.best === undefined ? null : make("small", { class: "under" }, "rank ", rank(row))),
      parts: (row) => [["rank, best", row.best], ["rank, worst", row.worst]],
    },
    {
      key: "method", name: "Method", up: true,
      of: (row) => `${row.method} ${row.variant}`,
      cell: (row, view) => method(row, view.comparable, view.under),
      parts: (row) => [["method", row.method], ["variant", row.variant], ["checkpoint", row.name], ["role", row.theirs ? "reported" : row.role]],
    },
    {
      key: "setting", name: "Dataset, encoder, budget", up: true,
      of: (row) => [row.dataset, ...setting(row)].join(" "),
      cell: (row) => make("td", { class: "setting" }, make("span", {}, row.dataset), make("small", {}, setting(row).join(" · "))),
      parts: (row) => [["dataset", row.dataset], ["encoder", row.encoder], ["budget", row.budget]],
    },
    {
      key: "score", name: "Linear top-1, %",
      of: (row) => (row.theirs ? row.value : row.mean),
      cell: (row, view) => score(row, view.scale),
      parts: (row) => [["linear top-1, %", row.theirs ? row.value : row.mean], ["low, %", row.low], ["high, %", row.high], ["state", state(row)]],
    },
    {
      key: "n", name: "n", from: 1001,
      of: (row) => row.n,
      cell: (row) => number(row.theirs ? "" : `${row.n}`),
      parts: (row) => [["n", row.n]],
    },
    ...others.map((name) => ({
      key: `p-${name}`, name, from: 1001,
      of: (row) => (row.others || {})[name]?.[0],
      cell: (row) => number((row.others || {})[name]?.[1] ?? ""),
      parts: (row) => [[`${name} top-1, %`, (row.others || {})[name]?.[0]]],
    })),
    {
      key: "gain", name: "Above floor", from: 1001,
      of: (row) => row.gain,
      cell: (row) => number(row.above ?? ""),
      parts: (row) => [["above floor, points", row.gain]],
    },
    {
      key: "kind", name: "Verdict", up: true,
      of: (row) => row.kind,
      cell: (row) => verdict(row),
      parts: (row) => [["verdict", row.kind], ["verdict in words", row.verdict]],
    },
    {
      key: "figure", name: "Reported", up: true, from: 1001,
      of: (row) => (row.theirs ? row.source : row.figure),
      cell: (row) => published(row),
      parts: (row) => [["reported", row.figure], ["certainty", row.certainty], ["protocol", row.protocol], ["source", row.source]],
    },
    {
      key: "marks", name: "Marks", up: true, from: 1001,
      of: (row) => (row.marks || []).join(),
      cell: (row) => make("td", { class: "wide marks" }, ...marked(row)),
      under: (row) => (row.marks?.length ? make("span", { class: "marks under" }, ...marked(row)) : null),
      parts: (row) => [["marks", (row.marks || []).join("; ")]],
    },
    {
      key: "flops", name: "Cost", up: true, from: 1001,
      of: (row) => row.flops,
      cell: (row) => cost(row),
      parts: (row) => [["FLOPs", row.flops], ["cost", (row.cost ?? []).join("; ")]],
    },
  ];

  window.cslbench.columns = columns;
})();
