"use strict";
// Tables sort by the buttons in their heads; numbers by data-value, the rest as text.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const body = table.tBodies[0];
      const value = (row) => {
        const cell = row.cells[column];
        const text = cell.dataset.value ?? cell.textContent.trim();
        const number = Number(text);
        return text !== "" && !Number.isNaN(number) ? number : text;
      };
      // Where a column has numbers, what has none ("–", "not reached") stands last.
      const numeric = [...body.rows].some((row) => typeof value(row) === "number");
      const order = (a, b) => {
        const [first, second] = [value(a), value(b)].map((v) => numeric && typeof v !== "number");
        if (first || second) return Number(first) - Number(second);
        return up ? compare(a, b) : compare(b, a);
      };
      const compare = (a, b) => {
        const [x, y] = [value(a), value(b)];
        if (typeof x === "number" && typeof y === "number") return x - y;
        return String(x).localeCompare(String(y));
      };
      const rows = [...body.rows].sort(order);
      body.append(...rows);
    });
  });
}
