"use strict";
// Everything is on the page without this: it sorts, searches and folds tables, opens what is linked to, and marks the section being read.
(() => {
  const number = (text) => {
    const plain = text.replace(/[,\s%]/g, "").replace("−", "-").replace("∞", "Infinity");
    return plain === "" || plain === "–" ? NaN : Number(plain);
  };
  const words = new Intl.Collator(document.documentElement.lang || "en", { numeric: true, sensitivity: "base" });
  const count = (n) => n.toLocaleString("en");

  const setUp = (figure) => {
    const body = figure.querySelector("tbody");
    const rows = Array.from(body.rows);
    const heads = Array.from(figure.querySelectorAll("thead th"));
    const phone = window.matchMedia("(max-width: 40rem)").matches && rows.length > 6;
    const first = phone ? Math.min(Number(figure.dataset.rows), 5) : Number(figure.dataset.rows);
    const total = Number(figure.dataset.total);
    const status = figure.querySelector(".crm-count");
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const place = new Map(rows.map((row, index) => [row, index]));
    let unfolded = rows.length <= first;
    let sought = "";
    let more = null;

    const show = () => {
      let matching = 0;
      let shown = 0;
      for (const row of Array.from(body.rows)) {
        const match = sought === "" || texts[place.get(row)].includes(sought);
        matching += match ? 1 : 0;
        const visible = match && (unfolded || matching <= first);
        row.hidden = !visible;
        shown += visible ? 1 : 0;
      }
      const beyond = total - rows.length;
      const where = figure.querySelector(".crm-download") ? "in the download" : "not shown here";
      const tail = beyond > 0 ? `; ${count(beyond)} more rows ${where}` : "";
      if (sought !== "") {
        status.textContent = `${count(matching)} of ${count(rows.length)} rows match` +
          (shown < matching ? `, ${count(matching - shown)} of them hidden` : "") + `${tail}.`;
      } else if (shown < rows.length) {
        status.textContent = `${count(shown)} of ${count(rows.length)} rows shown, ${count(rows.length - shown)} hidden${tail}.`;
      } else {
        status.textContent = status.dataset.all;
      }
      if (more) {
        more.hidden = matching <= first;
        more.textContent = unfolded ? `Show only ${count(first)}` : `Show all ${count(matching)}`;
        more.setAttribute("aria-expanded", String(unfolded));
      }
    };

    const sortBy = (column, head) => {
      const numeric = head.classList.contains("crm-num");
      const before = head.getAttribute("aria-sort");
      const ascending = before === "none" ? !numeric : before === "descending";
      const value = (row) => row.cells[column].textContent.trim();
      const keyed = Array.from(body.rows, (row) => [row, numeric ? number(value(row)) : value(row)]);
      const missing = (key) => (numeric ? Number.isNaN(key) : key === "–" || key === "");
      keyed.sort(([rowA, a], [rowB, b]) => {
        if (missing(a) || missing(b)) return missing(a) - missing(b) || place.get(rowA) - place.get(rowB);
        const order = numeric ? (a === b ? 0 : a < b ? -1 : 1) : words.compare(a, b);
        return (ascending ? order : -order) || place.get(rowA) - place.get(rowB);
      });
      body.append(...keyed.map(([row]) => row));
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      show();
    };

    // On a phone the first card lies open, so that it is seen what the others hold.
    const unfoldCards = () => rows.forEach((row, index) => {
      const button = document.createElement("button");
      const open = (wide) => {
        row.classList.toggle("open", wide);
        button.setAttribute("aria-expanded", String(wide));
      };
      button.type = "button";
      button.className = "crm-open";
      button.setAttribute("aria-label", `More on ${row.cells[0].textContent.trim()}`);
      row.cells[0].append(button);
      row.addEventListener("click", (event) => {
        const elsewhere = event.target.closest("a") || !button.offsetParent;
        if (!elsewhere) open(!row.classList.contains("open"));
      });
      open(index === 0);
    });
    if (figure.classList.contains("crm-cards")) {
      figure.classList.add("crm-folds");
      unfoldCards();
    }
    if (rows.length > 1) {
      heads.forEach((head, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(...Array.from(head.childNodes));
        head.append(button);
        head.setAttribute("aria-sort", "none");
        button.addEventListener("click", () => sortBy(column, head));
      });
    }
    // What a phone shows as cards stays a table for those who listen.
    for (const [role, what] of [["table", "table"], ["rowgroup", "thead, tbody"], ["row", "tr"], ["columnheader", "th"], ["cell", "td"]]) {
      figure.querySelectorAll(what).forEach((part) => part.setAttribute("role", role));
    }
    status.dataset.all = status.textContent;
    status.setAttribute("role", "status");
    if (rows.length > first) {
      more = document.createElement("button");
      more.type = "button";
      more.className = "crm-more";
      more.addEventListener("click", () => {
        unfolded = !unfolded;
        show();
      });
      status.after(more);
    }
    if (rows.length > 15) {
      const search = document.createElement("input");
      search.type = "search";
      search.className = "crm-search";
      search.placeholder = "Search these rows";
      search.setAttribute("aria-label", `Search: ${figure.querySelector("figcaption").textContent}`);
      search.addEventListener("input", () => {
        sought = search.value.trim().toLowerCase();
        show();
      });
      figure.querySelector(".crm-scroll").before(search);
    }
    show();
  };
  document.querySelectorAll("figure.crm-table").forEach(setUp);

  // What is linked to is not left folded, and nothing is on paper.
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
    const folded = target && target.closest("details.crm-folded");
    if (folded && !folded.open) {
      folded.open = true;
      target.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", unfold);
  document.querySelectorAll('a[href^="#"]').forEach((link) => {
    link.addEventListener("click", () => window.setTimeout(unfold));
  });
  unfold();
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details.crm-folded:not([open])"));
    opened.forEach((folded) => { folded.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((folded) => { folded.open = false; }));

  const links = new Map(Array.from(document.querySelectorAll(".contents a"), (link) => [link.hash.slice(1), link]));
  const headings = Array.from(links.keys(), (id) => document.getElementById(decodeURIComponent(id))).filter(Boolean);
  const mark = () => {
    const reached = headings.filter((heading) => heading.getBoundingClientRect().top < 120);
    const current = reached.length ? reached[reached.length - 1].id : "";
    links.forEach((link, id) => {
      if (decodeURIComponent(id) === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  if (headings.length) {
    document.addEventListener("scroll", () => window.requestAnimationFrame(mark), { passive: true });
    mark();
  }
})();
