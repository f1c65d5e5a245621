"use strict";
(() => {
  const plain = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
  const percent = new Intl.NumberFormat("en-US", { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const symbol = document.documentElement.dataset.currency || "";
  const written = (kind, value) => value === null ? "–"
    : kind === "percent" ? percent.format(value)
    : kind === "money" ? symbol + plain.format(value) : plain.format(value);

  const days = new Map();

  // The crosshair: the nearest day to the pointer, and every line's value on it.
  for (const data of document.querySelectorAll("script[data-hover]")) {
    const chart = JSON.parse(data.textContent), plot = data.closest("figure").querySelector(".plot");
    const cursor = plot.querySelector(".cursor"), tip = plot.querySelector(".tip");
    const nearest = (x) => {
      let low = 0, high = chart.x.length - 1;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (chart.x[middle] < x) low = middle; else high = middle;
      }
      return x - chart.x[low] < chart.x[high] - x ? low : high;
    };
    const show = (index) => {
      const box = plot.getBoundingClientRect();
      const place = chart.x[index] * box.width;
      cursor.style.left = `${place}px`;
      tip.replaceChildren(Object.assign(document.createElement("b"), { textContent: chart.label[index] }));
      for (const series of chart.series) {
        const row = document.createElement("div");
        for (const text of [series.name, written(series.kind, series.y[index])]) {
          row.append(Object.assign(document.createElement("span"), { textContent: text }));
        }
        tip.append(row);
      }
      plot.classList.add("on");
      const right = place + tip.offsetWidth + 24 > box.width;
      tip.style.left = `${right ? Math.max(0, place - tip.offsetWidth - 12) : place + 12}px`;
    };
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      show(nearest(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))));
    });
    // The day that a link names: the last of those that are drawn which is not after it.
    days.set(plot.closest("figure").id, (day) => show(Math.max(0, chart.label.findLastIndex((each) => each <= day))));
    plot.addEventListener("pointerleave", () => plot.classList.remove("on"));
  }

  for (const link of document.querySelectorAll("a[data-day]")) {
    const show = days.get(link.hash.slice(1));
    if (show) link.addEventListener("click", () => show(link.dataset.day));
  }

  // Tables sort by the column whose head is pressed.
  for (const head of document.querySelectorAll("th[data-sort]")) {
    head.tabIndex = 0;
    const sort = () => {
      const down = head.ariaSort === "descending", body = head.closest("table").tBodies[0], at = head.cellIndex;
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.ariaSort = down ? "ascending" : "descending";
      const key = (row) => row.cells[at].dataset.v ?? row.cells[at].textContent;
      const order = (a, b) => head.dataset.sort === "number" ? key(a) - key(b) : key(a).localeCompare(key(b));
      body.append(...[...body.rows].sort((a, b) => (down ? 1 : -1) * order(a, b)));
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
  }

  for (const box of document.querySelectorAll("input.filter")) {
    box.addEventListener("input", () => {
      const wanted = box.value.toLowerCase();
      for (const row of document.querySelectorAll(box.dataset.rows)) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
      }
    });
  }
})();
