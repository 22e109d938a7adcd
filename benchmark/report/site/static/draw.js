"use strict";
// how one row looks: elements only, never markup made of text that a stranger wrote
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 160, HEIGHT = 20, PAD = 6;
  const KINDS = ["reproduced", "above", "below", "inconclusive", "not comparable", "not run", "no verdict"];

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const shape = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const chip = (text, kind) => make("span", { class: `chip k-${kind}` }, text);

  // an axis that holds all rows of a group, with their floors and ceilings; none where none is drawn
  const axis = (rows) => {
    const values = rows.flatMap((row) => [row.low, row.high, row.mean, row.value, row.floor, ...(row.ceilings ?? [])]);
    const known = values.filter((value) => typeof value === "number");
    if (!known.length) return null;
    const low = Math.max(0, Math.floor(Math.min(...known) - 1)), high = Math.min(100, Math.ceil(Math.max(...known) + 1));
    return { low, high, at: (value) => PAD + ((value - low) / (high - low || 1)) * (WIDTH - 2 * PAD) };
  };

  const interval = (row, scale) => {
    const svg = shape("svg", { class: "interval", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" });
    const line = (kind, value) => svg.append(shape("path", { class: kind, d: `M${scale.at(value).toFixed(1)} 2V18` }));
    // a row's own: an encoder at another resolution is no floor of it
    if (row.floor !== undefined) line("floor", row.floor);
    (row.ceilings ?? []).forEach((value) => line("ceiling", value));
    if (row.low !== undefined) {
      const [from, to] = [row.low, row.high].map((value) => scale.at(value).toFixed(1));
      svg.append(shape("path", { class: row.one ? "range one" : "range", d: `M${from} 10H${to}` }));
      svg.append(shape("circle", { class: "mean", cx: scale.at(row.mean).toFixed(1), cy: 10, r: 3.5 }));
    }
    if (row.value !== undefined) {
      const x = scale.at(row.value);
      svg.append(shape("path", { class: "published", d: `M${(x - 4).toFixed(1)} 10l4 -4l4 4l-4 4z` }));
    }
    return svg;
  };

  // what a source does not say is named, once
  const setting = ({ encoder, budget }) => {
    const unknown = "not stated";
    if (encoder === unknown && budget === unknown) return ["encoder and budget not stated"];
    return [encoder === unknown ? "encoder not stated" : encoder, budget === unknown ? "budget not stated" : budget];
  };

  const rank = (row) => {
    if (row.best === undefined) return "";
    const text = row.best === row.worst ? `${row.best}` : `${row.best}–${row.worst}`;
    return make("span", row.best === 1 ? { class: "first" } : {}, text);
  };

  const method = (row, alone, under = []) => {
    const name = row.page ? make("a", { href: row.page }, row.method) : make("span", {}, row.method);
    const cell = make("th", { scope: "row", class: "method" }, name);
    if (row.role) cell.append(" ", chip(row.role, row.role));
    if (row.theirs) cell.append(" ", chip("reported", "theirs"));
    if (row.name) cell.append(make("small", {}, row.name));
    if (row.variant) cell.append(make("small", { class: "code" }, row.variant));
    if (row.theirs) cell.append(make("small", {}, row.protocol));
    if (row.theirs && alone) cell.append(make("small", {}, setting(row).join(", ")));
    cell.append(...under.map((column) => column.under(row)).filter(Boolean));
    return cell;
  };

  const score = (row, scale) => {
    const cell = make("td", { class: "score" });
    if (row.theirs) {
      cell.append(make("b", {}, row.figure), make("small", {}, row.repeats ? `${row.certainty}, repeats another` : row.certainty));
    } else if (row.mean === undefined) {
      cell.append(chip(row.state, "other"));
      return cell;
    } else {
      cell.append(make("b", {}, row.text), make("small", {}, row.range, row.one ? " one replicate" : ""));
    }
    cell.append(interval(row, scale));
    return cell;
  };

  const verdict = (row) => {
    const cell = make("td", { class: "verdict" });
    if (!row.kind) return cell;
    const kind = KINDS.includes(row.kind) ? row.kind.replace(" ", "-") : "other";
    cell.append(chip(row.kind, kind));
    const rest = row.verdict.startsWith(row.kind) ? row.verdict.slice(row.kind.length).replace(/^: /, "") : row.verdict;
    if (rest && row.kind !== "no verdict") cell.append(make("small", { class: "clamp", title: rest }, rest));
    return cell;
  };

  const published = (row) => {
    const cell = make("td", { class: "wide" });
    const clamped = (text) => make("small", { class: "clamp", title: text }, text);
    if (row.theirs) cell.append(clamped(row.source));
    else if (row.figure) cell.append(make("span", { class: "number" }, row.figure), clamped(`${row.certainty}: ${row.source}`));
    return cell;
  };

  const cost = (row) => {
    const [first, ...rest] = row.cost ?? [];
    return make("td", { class: "wide cost" }, first ?? "", ...rest.map((text) => make("small", {}, text)));
  };

  window.cslbench = { make, chip, axis, interval, setting, rank, method, score, verdict, published, cost };
})();
