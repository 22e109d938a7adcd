"use strict";
// rows as a file for a spreadsheet: a stranger's text must not run there as a formula
(() => {
  // a spreadsheet skips blanks, takes these signs in full width too, and splits at a tab
  const FORMULA = /^[\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

  const cell = (value) => {
    if (value === undefined || value === null || value === "") return "";
    if (typeof value === "number") return `${value}`;
    return `"${FORMULA.test(value) ? "'" : ""}${value.replaceAll('"', '""')}"`;
  };
  // lines of cells; the mark at the start tells a spreadsheet that this is UTF-8
  const csv = (lines) => `\ufeff${lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("")}`;

  const save = (name, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000); // a browser may ask where to first
  };

  Object.assign(window.cslbench, { csv, save });
})();
