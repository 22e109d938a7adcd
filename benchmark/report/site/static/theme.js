"use strict";
// before anything is drawn: the theme that was chosen here, else the one of the system
(() => {
  const root = document.documentElement;
  const stored = () => {
    try {
      return localStorage.getItem("cslbench-theme");
    } catch {
      return null; // a browser may refuse storage to files
    }
  };
  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const chosen = stored();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const say = () => {
      button.textContent = dark() ? "Light" : "Dark";
      button.setAttribute("aria-label", dark() ? "Use light colours" : "Use dark colours");
    };
    button.hidden = false;
    say();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try {
        localStorage.setItem("cslbench-theme", root.dataset.theme);
      } catch {
        // then it holds for this page
      }
      say();
    });
  });
})();
