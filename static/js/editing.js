// Fields that are more than fields: tags, an order of rules, text of a program. All of them work without this file.
(() => {
  // Tags: a comma-separated text field shown as chips

  function tagInput(field) {
    if (field.dataset.enhanced) return;
    field.dataset.enhanced = "yes";
    const box = document.createElement("div");
    box.className = "tag-input" + (field.classList.contains("is-invalid") ? " is-invalid" : "");
    const entry = document.createElement("input");
    for (const name of ["id", "list", "placeholder", "aria-label", "aria-describedby"])
      if (field.hasAttribute(name)) {
        entry.setAttribute(name, field.getAttribute(name));
        field.removeAttribute(name);
      }
    entry.autocomplete = "off";
    const required = field.required;
    field.required = false;
    field.type = "hidden";
    let tags = field.value.split(",").map((tag) => tag.trim()).filter(Boolean);

    function show() {
      for (const chip of box.querySelectorAll(".chip")) chip.remove();
      entry.before(...tags.map(chip));
      entry.required = required && !tags.length;
    }

    function chip(tag) {
      const one = document.createElement("span");
      one.className = "chip";
      one.append(tag);
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `Remove ${tag}`);
      remove.addEventListener("click", () => set(tags.filter((other) => other !== tag)));
      one.append(remove);
      return one;
    }

    function set(next) {
      tags = [...new Set(next)];
      field.value = tags.join(", ");
      show();
      entry.focus();
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }

    function take() {
      const written = entry.value.split(",").map((tag) => tag.trim()).filter(Boolean);
      entry.value = "";
      if (written.length) set([...tags, ...written]);
    }

    entry.addEventListener("keydown", (event) => {
      if ((event.key === "Enter" || event.key === ",") && entry.value.trim()) {
        event.preventDefault();
        take();
      } else if (event.key === "Backspace" && !entry.value && tags.length) set(tags.slice(0, -1));
    });
    entry.addEventListener("blur", () => entry.value.trim() && take());
    entry.addEventListener("change", (event) => event.stopPropagation());
    box.addEventListener("click", (event) => event.target === box && entry.focus());
    field.after(box);
    box.append(entry);
    field.form?.addEventListener("submit", () => entry.value.trim() && take(), { capture: true });
    show();
  }

  // Order: dragging by the handle, then the form is sent as the buttons would send it

  let dragged = null;

  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest?.(".handle");
    const item = handle?.closest("[data-sortable-item]");
    if (item) item.draggable = true;
  });
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-sortable-item]");
    dragged?.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    const over = event.target.closest?.("[data-sortable-item]");
    if (!dragged || !over || over === dragged || over.parentElement !== dragged.parentElement) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    const below = event.clientY > box.top + box.height / 2;
    over[below ? "after" : "before"](dragged);
  });
  document.addEventListener("drop", (event) => dragged && event.preventDefault());
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    const list = dragged.closest("[data-sortable]");
    dragged.classList.remove("is-dragged");
    dragged.draggable = false;
    dragged = null;
    sendOrder(list);
  });

  function sendOrder(list) {
    const form = list.closest("form");
    const order = form?.querySelector("input[name=order]");
    if (!order) return;
    const now = [...list.querySelectorAll(":scope > [data-sortable-item]")].map((item) => item.dataset.id).join(",");
    if (now === order.value) return;
    order.value = now;
    form.requestSubmit();
  }

  // Text of a program

  const INDENT = "  ";

  function editor(root) {
    if (root.dataset.enhanced) return;
    root.dataset.enhanced = "yes";
    const text = root.querySelector("textarea");
    const gutter = root.querySelector(".editor-gutter");
    let released = false;

    function number() {
      const wrong = new Set((root.dataset.errorLines ?? "").split(" ").filter(Boolean));
      const count = text.value.split("\n").length;
      gutter.replaceChildren(
        ...Array.from({ length: count }, (_, place) => {
          const line = document.createElement("span");
          line.textContent = String(place + 1);
          line.classList.toggle("is-wrong", wrong.has(line.textContent));
          return line;
        }),
      );
      follow();
    }

    function follow() {
      gutter.scrollTop = text.scrollTop;
      gutter.style.height = `${text.clientHeight}px`;
    }

    text.addEventListener("input", number);
    text.addEventListener("scroll", follow);
    new ResizeObserver(follow).observe(text);
    text.addEventListener("keydown", (event) => {
      if (event.key === "Escape") released = true; // then Tab leaves the field: no keyboard trap
      else if (event.key === "Tab" && !released && !text.readOnly) indent(event, text);
      else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !text.readOnly) breakLine(event, text);
      else if (event.key !== "Tab" && event.key !== "Shift") released = false;
    });
    text.addEventListener("blur", () => (released = false));
    root.addEventListener("errors", number);
    number();
  }

  // execCommand keeps the browser's own undo, which setting the value would lose
  const insert = (words) => document.execCommand("insertText", false, words);

  function indent(event, text) {
    event.preventDefault();
    const { selectionStart: from, selectionEnd: to, value } = text;
    if (from === to && !event.shiftKey) return insert(INDENT);
    const start = value.lastIndexOf("\n", from - 1) + 1;
    const lines = value.slice(start, to).split("\n");
    const moved = lines.map((line) => (event.shiftKey ? line.replace(/^ {1,2}/, "") : INDENT + line)).join("\n");
    text.setSelectionRange(start, to);
    insert(moved);
    text.setSelectionRange(from === to ? text.selectionEnd : start, start + moved.length);
  }

  function breakLine(event, text) {
    const { selectionStart: from, value } = text;
    const line = value.slice(value.lastIndexOf("\n", from - 1) + 1, from);
    const lead = line.match(/^\s*/)[0] + (line.trimEnd().endsWith(":") ? INDENT : "");
    if (!lead) return;
    event.preventDefault();
    insert("\n" + lead);
  }

  function goToLine(text, line) {
    const before = text.value.split("\n").slice(0, line - 1);
    const start = before.reduce((sum, one) => sum + one.length + 1, 0);
    text.focus();
    text.setSelectionRange(start, start + (text.value.split("\n")[line - 1] ?? "").length);
    text.scrollTop = Math.max(0, (line - 4) * parseFloat(getComputedStyle(text).lineHeight));
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-editor-line]");
    const text = link && document.getElementById(link.hash.slice(1));
    if (!text) return;
    event.preventDefault();
    goToLine(text, Number(link.dataset.editorLine));
  });

  // Fresh findings for an editor: <ul data-error-lines="3 7" data-for="id_yaml">
  function passFindings(found) {
    const root = document.getElementById(found.dataset.for)?.closest("[data-editor]");
    if (!root) return;
    root.dataset.errorLines = found.dataset.errorLines;
    root.dispatchEvent(new Event("errors"));
  }

  function enhance(root) {
    root.querySelectorAll("input[data-tags]").forEach(tagInput);
    root.querySelectorAll("[data-editor]").forEach(editor);
    root.querySelectorAll("[data-error-lines][data-for]").forEach(passFindings);
  }

  document.addEventListener("htmx:load", (event) => enhance(event.target.parentElement ?? event.target));
  enhance(document);
})();
