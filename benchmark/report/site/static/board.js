"use strict";
// which rows are shown, in which order and groups; what is chosen stands in the address, to be sent
(() => {
  const { make, axis, columns, csv, save } = window.cslbench;
  const data = JSON.parse(document.getElementById("data").textContent);
  const FILTERS = [["dataset", "Dataset"], ["encoder", "Encoder"], ["method", "Method"], ["budget", "Budget"], ["training", "Training"], ["kind", "Verdict"], ["certainty", "Certainty"]];
  const GROUPS = [["table", "what is comparable"], ["method", "method"], ["dataset", "dataset"], ["encoder", "encoder"], ["budget", "budget"], ["training", "training"], ["kind", "verdict"], ["none", "nothing"]];
  const SHOWS = [["ours", "ours"], ["all", "both"], ["theirs", "published"]];
  const PAGE = 100;
  const others = [...new Set(data.rows.flatMap((row) => Object.keys(row.others)))].sort();
  const COLUMNS = columns(others);
  const FIXED = "method"; // without it nobody knows what a row is
  const WIDTHS = [...new Set(COLUMNS.map(({ from }) => from).filter(Boolean))].map((from) => matchMedia(`(min-width: ${from}px)`));
  const START = { q: "", group: "table", show: data.rows.length ? "ours" : "all", sort: "", down: "", columns: "" };
  const state = { ...START };
  let limit = PAGE, address = "";
  const everything = [...data.rows, ...data.theirs];
  everything.forEach((row, index) => {
    row.place = index;
    row.words = [row.method, row.variant, row.name, row.role, row.dataset, row.encoder, row.budget, row.training, row.kind, row.source, row.certainty, ...(row.marks || [])].join(" ").toLowerCase();
  });
  const element = (id) => document.getElementById(id);

  const read = () => {
    const found = new URLSearchParams(location.hash.slice(1));
    for (const key of [...Object.keys(START), ...FILTERS.map(([name]) => name)]) state[key] = found.get(key) ?? START[key] ?? "";
    if (!GROUPS.some(([name]) => name === state.group)) state.group = START.group;
    if (!SHOWS.some(([name]) => name === state.show)) state.show = START.show;
  };
  const keep = () => {
    const kept = new URLSearchParams(Object.entries(state).filter(([key, value]) => value !== (START[key] ?? "")));
    address = `#${kept}`;
    location.replace(address);
  };

  const within = (row, show) => show === "all" || (show === "theirs") === Boolean(row.theirs);
  const chosen = (show = state.show) => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const seen = new Set();
    return everything.filter((row) => {
      if (!within(row, show)) return false;
      if (FILTERS.some(([key]) => state[key] && (row[key] ?? "") !== state[key])) return false;
      if (!words.every((word) => row.words.includes(word))) return false;
      if (state.group === "table" || !row.page) return true;
      if (seen.has(row.page)) return false; // a control is in several tables, and is one row
      seen.add(row.page);
      return true;
    });
  };
  const nothing = (value) => value === undefined || value === null || value === "";
  const sorted = (rows) => {
    const column = COLUMNS.find(({ key }) => key === state.sort) ?? (state.group === "table" ? null : COLUMNS.find(({ key }) => key === "score"));
    if (!column) return rows;
    const sign = state.sort ? (state.down ? -1 : 1) : -1;
    return [...rows].sort((a, b) => {
      const [x, y] = [column.of(a), column.of(b)];
      if (nothing(x) || nothing(y)) return nothing(x) - nothing(y) || a.place - b.place;
      return sign * (typeof x === "number" && typeof y === "number" ? x - y : `${x}`.localeCompare(`${y}`, "en")) || a.place - b.place;
    });
  };
  // budgets by kind, then by number: "100 epochs" before "800 epochs" before "12 800 images"
  const spent = (text) => {
    const [, number, unit] = text.match(/(\d[\d\s.]*(?:e[+-]?\d+)?)\s(\p{L}+)/u) ?? ["", "0", ""];
    return { number: Number(number.replace(/\s/g, "")), unit };
  };
  const alphabetical = (a, b) => a.localeCompare(b, "en", { numeric: true });
  const ordered = (key) => (a, b) => {
    if (key !== "budget") return alphabetical(a, b);
    const [x, y] = [spent(a), spent(b)];
    return !x.unit - !y.unit || alphabetical(x.unit, y.unit) || x.number - y.number || alphabetical(a, b);
  };
  const name = (row) => {
    if (state.group === "none") return "";
    if (state.group !== "table") return row[state.group] || "none";
    return row.theirs ? `${row.dataset}: reported by others` : data.groups[row.table].name;
  };
  const grouped = (rows) => {
    const found = new Map();
    for (const row of rows) {
      const key = state.group === "table" && !row.theirs ? row.table : name(row);
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(row);
    }
    const groups = [...found.values()];
    if (state.group === "table") return groups.sort((a, b) => Boolean(a[0].theirs) - Boolean(b[0].theirs)); // ours first
    const order = ordered(state.group);
    return groups.sort((a, b) => order(name(a[0]), name(b[0])));
  };

  // a rank is one within its table
  const possible = ({ key }) => key !== "rank" || state.group === "table";
  // where nobody is scored by a linear probe, what there is has room on any screen
  const linear = data.rows.some((row) => row.mean !== undefined);
  const roomy = ({ key, from }) => !from || (!linear && key.startsWith("p-")) || matchMedia(`(min-width: ${from}px)`).matches;
  const usual = (rows) => (column) => {
    const { key, of } = column;
    if (key === "setting") return state.group !== "table";
    return ["method", "score"].includes(key) || (roomy(column) && rows.some((row) => !nothing(of(row))));
  };
  const names = (list) => list.map(({ key }) => encodeURIComponent(key)).join(" ");
  const wanted = (rows) => {
    const asked = state.columns.split(" ");
    return COLUMNS.filter(state.columns ? (column) => column.key === FIXED || asked.includes(names([column])) : usual(rows));
  };
  const picked = (rows) => wanted(rows).filter(possible);
  const toggled = (key, rows) => {
    const shown = wanted(rows);
    const next = names(COLUMNS.filter((column) => (column.key === key) !== shown.includes(column)));
    return next === names(COLUMNS.filter(usual(rows))) ? "" : next;
  };

  const heads = (columns) => {
    const row = make("tr");
    for (const column of columns) {
      const sort = state.sort === column.key ? (state.down ? "descending" : "ascending") : "none";
      const button = make("button", { type: "button", "data-key": column.key }, column.name);
      row.append(make("th", { scope: "col", "aria-sort": sort, class: `c-${column.key.startsWith("p-") ? "other" : column.key}` }, button));
    }
    const head = document.querySelector("#board thead");
    const focused = document.activeElement?.dataset?.key;
    head.replaceChildren(row);
    if (focused) head.querySelectorAll("button").forEach((each) => each.dataset.key === focused && each.focus());
  };
  const chooser = (shown) => {
    for (const box of element("boxes").querySelectorAll("input")) {
      const column = COLUMNS.find(({ key }) => key === box.dataset.column);
      box.checked = shown.includes(column);
      box.disabled = column.key === FIXED || !possible(column);
    }
    element("usual").disabled = !state.columns;
  };
  const draw = () => {
    const rows = chosen();
    const shown = picked(rows);
    heads(shown);
    chooser(shown);
    const table = element("board");
    table.querySelectorAll("tbody").forEach((body) => body.remove());
    // not vanished for want of room: below the name; who chose columns gets those
    const under = state.columns ? [] : COLUMNS.filter((column) => column.under && possible(column) && !roomy(column));
    let left = limit;
    for (const group of grouped(sorted(rows))) {
      if (left <= 0) break;
      const scale = axis(group);
      const one = state.group === "table" && !group[0].theirs ? data.groups[group[0].table] : null;
      const view = { scale, comparable: state.group === "table", under };
      const body = make("tbody");
      if (state.group !== "none") {
        const head = make("th", { scope: "rowgroup", colspan: shown.length }, make("span", { class: "group-name" }, name(group[0])));
        const about = [one?.about, scale && `Drawn from ${scale.low} to ${scale.high} %.`].filter(Boolean);
        if (about.length) head.append(make("small", {}, about.join(" ")));
        body.append(make("tr", { class: "group" }, head));
      }
      for (const row of group.slice(0, left)) {
        body.append(make("tr", { class: row.theirs ? (row.certainty === "seen" ? "theirs" : "theirs unseen") : row.role ? "control" : "" }, ...shown.map((column) => column.cell(row, view))));
      }
      left -= group.length;
      table.append(body);
    }
    const count = Math.min(rows.length, limit);
    element("status").textContent = rows.length ? `${count} of ${rows.length} rows shown` : "No row matches: reset, or choose less.";
    const published = chosen("theirs").length;
    element("published").disabled = !data.rows.length;
    element("published").hidden = !published && state.show === "ours";
    element("published").textContent = `Published: ${state.show === "ours" ? "show" : "hide"} ${published}`;
    element("more").hidden = count === rows.length;
    element("more").textContent = `Show ${Math.min(PAGE, rows.length - count)} more`;
    element("csv").disabled = !rows.length;
  };

  const options = (select, pairs, value) => {
    select.replaceChildren(...pairs.map(([key, text]) => make("option", { value: key }, text)));
    select.value = pairs.some(([key]) => key === value) ? value : pairs[0][0];
  };
  const fill = () => {
    element("q").value = state.q;
    options(element("group"), GROUPS, state.group);
    options(element("show"), SHOWS, state.show);
    element("filters").replaceChildren(...FILTERS.flatMap(([key, text]) => {
      const values = [...new Set([...everything.filter((row) => within(row, state.show)).map((row) => row[key]), state[key]].filter((value) => !nothing(value)))].sort(ordered(key));
      if (values.length < 2) return [];
      const select = make("select", { "data-filter": key });
      options(select, [["", "all"], ...values.map((value) => [value, value])], state[key]);
      return [make("label", {}, `${text} `, select)];
    }));
  };
  const changed = () => {
    limit = PAGE;
    keep();
    draw();
  };

  const form = element("controls");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    const { column, filter } = event.target.dataset;
    if (column) state.columns = toggled(column, chosen());
    else state[filter ?? event.target.id] = event.target.value;
    if (event.target.id === "show") fill(); // its rows' values are what there is to choose
    changed();
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const key of Object.keys(state)) state[key] = START[key] ?? "";
    fill();
    changed();
  });
  document.querySelector("#board thead").addEventListener("click", (event) => {
    const key = event.target.dataset.key;
    const column = COLUMNS.find((each) => each.key === key);
    if (!column) return;
    const first = column.up ? "" : "1";
    if (state.sort !== key) [state.sort, state.down] = [key, first];
    else if (state.down === first) state.down = first ? "" : "1";
    else [state.sort, state.down] = ["", ""];
    changed();
  });
  element("unfold").addEventListener("click", (event) => {
    const open = form.classList.toggle("open"); // only narrow screens fold the filters
    event.target.setAttribute("aria-expanded", open);
  });
  element("published").addEventListener("click", () => {
    state.show = state.show === "ours" ? "all" : "ours";
    fill();
    changed();
  });
  element("usual").addEventListener("click", () => {
    state.columns = "";
    changed();
    element("boxes").querySelector("input:enabled").focus(); // the button itself is of no use now
  });
  element("csv").addEventListener("click", () => {
    const rows = chosen();
    const shown = picked(rows);
    const lines = grouped(sorted(rows)).flatMap((group) => group.map((row) => [["group", name(row)], ...shown.flatMap((column) => column.parts(row))]));
    save("cslbench.csv", csv([lines[0].map(([head]) => head), ...lines.map((line) => line.map(([, value]) => value))]));
    element("status").textContent = `${rows.length} ${rows.length === 1 ? "row" : "rows"} saved as cslbench.csv`;
  });
  element("more").addEventListener("click", () => {
    const before = document.querySelectorAll("#board tbody th.method").length;
    limit += PAGE;
    draw();
    document.querySelectorAll("#board tbody th.method")[before]?.querySelector("a")?.focus();
  });
  addEventListener("hashchange", () => {
    if (location.hash === address || location.hash === "#main" || (location.hash || "#") === address) return;
    read();
    fill();
    draw();
  });
  WIDTHS.forEach((width) => width.addEventListener("change", draw));
  element("boxes").append(...COLUMNS.map(({ key, name: text }) => make("label", {}, make("input", { type: "checkbox", "data-column": key }), ` ${text}`)));
  read();
  fill();
  form.hidden = false;
  draw();
})();
