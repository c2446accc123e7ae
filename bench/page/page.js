"use strict";
// Read-outs under the pointer, and hiding of servers. The page is complete without.
(() => {
  const read = document.getElementById("read");
  document.body.classList.add("live");

  // The points of a line with what they say: places from its path, texts from its data.
  const parsed = new WeakMap();
  const pointsOf = (path) => {
    if (!parsed.has(path)) {
      const at = path.getAttribute("d").match(/-?[\d.]+ -?[\d.]+/g).map((p) => p.split(" ").map(Number));
      const x = path.dataset.x.split("|"), y = path.dataset.y.split("|");
      parsed.set(path, at.map((p, i) => ({ at: p, x: x[i], y: y[i] })));
    }
    return parsed.get(path);
  };

  const row = (path, p, common) => {
    const out = document.createElement("div");
    const mark = document.createElement("i"), name = document.createElement("span"), value = document.createElement("span");
    mark.className = path.getAttribute("class");
    name.textContent = path.dataset.series;
    value.textContent = p.y + (common ? "" : " at " + p.x);
    out.className = "plot";
    out.append(mark, name, value);
    return out;
  };

  const hide = () => {
    read.hidden = true;
    document.querySelectorAll(".cross").forEach((c) => c.remove());
  };

  const show = (svg, event) => {
    hide();
    const [left, top, right, bottom] = svg.dataset.frame.split(" ").map(Number);
    const to = svg.getScreenCTM().inverse();
    const mouse = new DOMPoint(event.clientX, event.clientY).matrixTransform(to);
    if (mouse.x < left - 8 || mouse.x > right + 8 || mouse.y < top || mouse.y > bottom) return;
    const near = [];
    svg.querySelectorAll("path[data-x]:not(.off)").forEach((path) => {
      let best = null;
      for (const p of pointsOf(path)) {
        if (!best || Math.abs(p.at[0] - mouse.x) < Math.abs(best.at[0] - mouse.x)) best = p;
      }
      if (best && Math.abs(best.at[0] - mouse.x) < 40) near.push([path, best]);
    });
    if (!near.length) return;
    const first = near.reduce((a, b) => (Math.abs(a[1].at[0] - mouse.x) <= Math.abs(b[1].at[0] - mouse.x) ? a : b))[1];
    const head = document.createElement("b");
    const common = near.every((n) => n[1].x === first.x);
    head.textContent = common ? first.x : "nearest points";
    near.sort((a, b) => a[1].at[1] - b[1].at[1]);
    read.replaceChildren(head, ...near.map((n) => row(n[0], n[1], common)));
    const cross = document.createElementNS("http://www.w3.org/2000/svg", "path");
    cross.setAttribute("d", `M${first.at[0]} ${top}V${bottom}`);
    cross.setAttribute("class", "faint cross");
    svg.append(cross);
    read.hidden = false;
    const box = read.getBoundingClientRect();
    const x = event.clientX + 16 + box.width > innerWidth ? event.clientX - 16 - box.width : event.clientX + 16;
    read.style.left = Math.max(4, x) + "px";
    read.style.top = Math.max(4, Math.min(event.clientY + 16, innerHeight - box.height - 4)) + "px";
  };

  document.querySelectorAll("svg[data-frame]").forEach((svg) => {
    svg.addEventListener("pointermove", (e) => show(svg, e));
    svg.addEventListener("pointerleave", hide);
  });

  // A server's name in a legend hides and shows it everywhere on the page.
  const off = new Set();
  const toggle = (name) => {
    if (!off.delete(name)) off.add(name);
    document.querySelectorAll("[data-series]").forEach((e) => {
      e.classList.toggle("off", off.has(e.dataset.series));
      if (e.hasAttribute("aria-pressed")) e.setAttribute("aria-pressed", !off.has(e.dataset.series));
    });
    hide();
  };
  document.querySelectorAll("text[data-key]").forEach((key) => {
    key.closest("svg").setAttribute("role", "group"); // of a picture nothing inside is reached
    key.setAttribute("role", "button");
    key.setAttribute("tabindex", "0");
    key.setAttribute("aria-pressed", "true");
  });
  document.addEventListener("click", (e) => {
    const key = e.target.closest("[data-key]");
    if (key) toggle(key.dataset.series);
  });
  document.addEventListener("keydown", (e) => {
    if (e.target.matches("[data-key]") && (e.key === "Enter" || e.key === " ")) {
      e.preventDefault();
      toggle(e.target.dataset.series);
    }
    if (e.key === "Escape") hide();
  });
})();
