"use strict";
// Sorting: every heading of a sortable table becomes a button. Without a script the page is as it was written.
const ORDER = ["gap", "cannot tell", "suppressed", "pass"];
const value = (cell) => {
  const badge = cell.querySelector(".verdict");
  const text = (badge ? badge.lastChild.textContent : cell.textContent).trim();
  const word = ORDER.indexOf(text);
  if (word >= 0) return word;
  if (text.includes("fewer")) return text; // "10 or fewer" is no share
  const number = /^[<>]?\s*([−+-]?[\d,]+(?:\.\d+)?)/.exec(text);
  return number ? Number(number[1].replace("−", "-").replaceAll(",", "")) : text.toLowerCase();
};
const compare = (a, b) => {
  if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b);
  return typeof a === "number" ? -1 : 1; // words such as "masked" come last
};
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].map((row) => [value(row.cells[column]), row]);
      rows.sort(([a], [b]) => (up || typeof a !== typeof b ? compare(a, b) : compare(b, a)));
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}
// Other list sizes: all texts were written with the page; the slider chooses among them.
const data = document.getElementById("sizes-data");
if (data) {
  const steps = JSON.parse(data.textContent);
  const slider = document.getElementById("size");
  const lines = new Map([...document.querySelectorAll("#sizes-table tbody tr")].map((row) => [row.dataset.key, row]));
  const show = () => {
    const step = steps[Number(slider.value)];
    document.getElementById("size-now").textContent = step.size;
    slider.setAttribute("aria-valuetext", step.size);
    document.getElementById("size-of-table").textContent = `Lists of ${step.size}`;
    document.getElementById("size-told").textContent = step.told;
    for (const line of step.rows) {
      const row = lines.get(line.key);
      const badge = row.querySelector(".verdict");
      badge.className = `verdict ${line.verdict.replaceAll(" ", "-")}`;
      badge.firstElementChild.textContent = line.symbol;
      badge.lastChild.textContent = line.verdict;
      for (const name of ["recall", "range", "other", "difference"]) row.querySelector(`.${name}`).textContent = line[name];
      const bar = row.querySelector(".interval");
      bar.hidden = !line.printed;
      bar.firstElementChild.style.left = `${line.bar.left}%`;
      bar.firstElementChild.style.width = `${line.bar.width}%`;
      bar.lastElementChild.style.left = `${line.bar.at}%`;
    }
  };
  slider.addEventListener("input", () => {
    // Other numbers stand in no order that was asked for.
    for (const heading of document.querySelectorAll("#sizes-table th")) heading.removeAttribute("aria-sort");
    show();
  });
  document.getElementById("size-control").hidden = false;
  show();
}
