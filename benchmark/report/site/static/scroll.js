"use strict";
// a wide table says that it goes on, and on which side
(() => {
  const TEXTS = { left: "← more to the left", right: "more to the right →", both: "← more on both sides →" };
  const tell = (frame) => {
    const rest = frame.scrollWidth - frame.clientWidth;
    const left = rest > 1 && frame.scrollLeft > 1, right = rest > 1 && frame.scrollLeft < rest - 1;
    frame.classList.toggle("left", left);
    frame.classList.toggle("right", right);
    const side = left && right ? "both" : left ? "left" : right ? "right" : "";
    if (side) frame.setAttribute("data-more", TEXTS[side]);
    else frame.removeAttribute("data-more");
  };
  for (const frame of document.querySelectorAll(".scroll")) {
    const watch = new ResizeObserver(() => tell(frame));
    for (const each of [frame, ...frame.children]) watch.observe(each);
    frame.addEventListener("scroll", () => tell(frame), { passive: true });
  }
})();
