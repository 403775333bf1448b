// Everything here is a convenience: without it the page shows all its content.
(function () {
  "use strict";
  const root = document.documentElement;
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  const make = (tag, text, type) => Object.assign(document.createElement(tag), { textContent: text }, type ? { type } : {});

  // Theme: the system's until the reader chooses; storage may be forbidden on file://.
  const store = {
    get() { try { return localStorage.getItem("fleetscan-theme"); } catch { return null; } },
    set(value) { try { localStorage.setItem("fleetscan-theme", value); } catch { /* not remembered */ } },
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const theme = document.getElementById("theme");
  const label = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  const stored = store.get();
  if (stored === "dark" || stored === "light") root.dataset.theme = stored;
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; store.set(root.dataset.theme); label(); });
  system.addEventListener("change", label);
  label();

  // Times: the reader's zone on screen, UTC on hover and on paper.
  const form = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const times = all("time").map((time) => ({ time, utc: time.textContent, local: form.format(new Date(time.dateTime)) }));
  const showTimes = (key) => times.forEach((entry) => { entry.time.textContent = entry[key]; });
  times.forEach(({ time, utc }) => { time.title = utc; });
  showTimes("local");

  // Folds: open whatever a link points into; open everything on paper.
  const reveal = (id) => {
    const target = id && document.getElementById(id);
    if (!target) return;
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    target.scrollIntoView();
  };
  let folded = [];
  addEventListener("beforeprint", () => { folded = all("details:not([open])"); folded.forEach((d) => { d.open = true; }); showTimes("utc"); });
  addEventListener("afterprint", () => { folded.forEach((d) => { d.open = false; }); showTimes("local"); });

  // Commands: copy.
  if (navigator.clipboard) all(".cmd").forEach((box) => {
    const button = make("button", "Copy", "button");
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(box.querySelector("pre").textContent); button.textContent = "Copied"; }
      catch { button.textContent = "Select and copy"; }
    });
    box.append(button);
  });

  // Tables: sort by a click or the keyboard on a column's head.
  all("table[data-sortable]").forEach((table) => {
    const body = table.tBodies[0];
    all("thead th[data-sort]", table).forEach((head) => {
      const column = head.cellIndex;
      const button = make("button", head.textContent.trim(), "button");
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
        const order = head.dataset.sort === "num"
          ? (a, b) => Number(value(a)) - Number(value(b))
          : (a, b) => value(a).localeCompare(value(b), undefined, { numeric: true });
        const rows = all("tr", body).sort(order);
        body.append(...(down ? rows.reverse() : rows));
      });
    });
  });

  // Drift: search and chips, kept in the fragment as #?q=…&show=high,new
  const tools = document.getElementById("tools");
  if (!tools) { reveal(location.hash.slice(1)); return; }
  const search = document.getElementById("search");
  const chips = all(".chip", tools);
  const rows = all("#drift tbody tr").map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const pressed = (chip) => chip.getAttribute("aria-pressed") === "true";
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const on = chips.filter(pressed).map((chip) => chip.dataset.show);
    const wanted = on.filter((name) => name !== "new");
    let shown = 0;
    rows.forEach(({ row, text }) => {
      const fits = words.every((word) => text.includes(word))
        && (!wanted.length || wanted.includes(row.dataset.severity))
        && (!on.includes("new") || row.dataset.new === "yes");
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    document.getElementById("shown").textContent = `${shown} of ${rows.length} shown`;
    document.getElementById("empty").hidden = shown > 0;
    return { words: search.value, on };
  };
  const remember = () => {
    const { words, on } = apply();
    const state = new URLSearchParams();
    if (words) state.set("q", words);
    if (on.length) state.set("show", on.join(","));
    history.replaceState(null, "", String(state) ? `#?${state}` : "#drift-section");
  };
  const restore = () => {
    if (!location.hash.startsWith("#?")) { reveal(location.hash.slice(1)); return; }
    const state = new URLSearchParams(location.hash.slice(2));
    const on = (state.get("show") || "").split(",");
    search.value = state.get("q") || "";
    chips.forEach((chip) => chip.setAttribute("aria-pressed", String(on.includes(chip.dataset.show))));
    apply();
  };
  tools.hidden = false;
  search.addEventListener("input", remember);
  chips.forEach((chip) => chip.addEventListener("click", () => { chip.setAttribute("aria-pressed", String(!pressed(chip))); remember(); }));
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); search.focus(); search.scrollIntoView({ block: "center" }); }
    if (event.key === "Escape" && event.target === search) { search.value = ""; remember(); }
  });
  addEventListener("hashchange", restore);
  apply();
  restore();
})();
