// What every page does: menus, navigation on a phone, dialogs, clipboard, toasts, and a word when a request fails.
(() => {
  const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

  // Toasts

  const LINGER = 6000;

  function toast(text, tone = "info") {
    const region = document.getElementById("toasts");
    const template = document.getElementById("toast-template");
    if (!region || !template) return;
    const note = template.content.firstElementChild.cloneNode(true);
    note.dataset.tone = tone;
    note.querySelector("p").textContent = text;
    region.append(note);
    fade(note);
  }

  function fade(note) {
    if (["error", "bad", "warning", "warn"].includes(note.dataset.tone)) return; // what went wrong stays until it was read
    const timer = setTimeout(() => note.remove(), LINGER);
    note.addEventListener("pointerenter", () => clearTimeout(timer), { once: true });
  }

  // Appearance

  function showThemeChoice() {
    const chosen = document.documentElement.dataset.themeChosen;
    for (const group of document.querySelectorAll("[data-theme-choice]")) {
      group.hidden = false;
      for (const button of group.querySelectorAll("button"))
        button.setAttribute("aria-pressed", String(button.dataset.themeValue === chosen));
    }
  }

  // Navigation on a phone

  function openSidebar(open) {
    const sidebar = document.querySelector("[data-sidebar]");
    const opener = document.querySelector("[data-sidebar-open]");
    if (!sidebar || !opener) return;
    sidebar.classList.toggle("is-open", open);
    opener.setAttribute("aria-expanded", String(open));
    if (open) sidebar.querySelector("a, summary")?.focus();
    else if (sidebar.contains(document.activeElement)) opener.focus();
  }

  // Clipboard

  async function copy(button) {
    await write(button.dataset.copy);
    button.dataset.copied = "";
    const use = button.querySelector("use");
    const address = use?.getAttribute("href");
    use?.setAttribute("href", address.replace(/#.*/, "#check"));
    toastRegionSay("Copied");
    setTimeout(() => {
      delete button.dataset.copied;
      use?.setAttribute("href", address);
    }, 1500);
  }

  async function write(text) {
    if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea"); // plain http: the only way left
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  function toastRegionSay(text) {
    const spoken = document.createElement("span");
    spoken.className = "visually-hidden";
    spoken.textContent = text;
    document.getElementById("toasts")?.append(spoken);
    setTimeout(() => spoken.remove(), 1500);
  }

  // Dialogs: links to their id, so that without script :target opens them

  function openDialog(id) {
    const dialog = document.getElementById(id);
    if (!(dialog instanceof HTMLDialogElement) || dialog.open) return false;
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    dialog.showModal();
    dialog.querySelector("[autofocus], .field input, .field select, .field textarea")?.focus();
    return true;
  }

  function guardTyped(field) {
    const button = field.form?.querySelector("button[type=submit]");
    if (button) button.disabled = field.value !== field.dataset.mustEqual;
  }

  // One listener for each kind of event, so that content swapped in later needs nothing

  document.addEventListener("click", (event) => {
    let found;
    if ((found = closest(event, "[data-copy]"))) copy(found);
    else if ((found = closest(event, "[data-toast-close]"))) found.closest("[data-toast]").remove();
    else if ((found = closest(event, "[data-theme-value]"))) {
      window.theme.choose(found.dataset.themeValue);
      showThemeChoice();
    } else if ((found = closest(event, "[data-sidebar-open], [data-sidebar-close]"))) {
      event.preventDefault();
      openSidebar("sidebarOpen" in found.dataset);
    } else if ((found = closest(event, "[data-dialog]"))) {
      if (openDialog(found.dataset.dialog)) event.preventDefault();
    } else if ((found = closest(event, "[data-dialog-close]"))) {
      const dialog = found.closest("dialog");
      if (dialog?.open) {
        event.preventDefault();
        dialog.close();
      }
    } else if (event.target instanceof HTMLDialogElement && outside(event)) event.target.close();
    for (const menu of document.querySelectorAll("details.menu[open]"))
      if (!menu.contains(event.target)) menu.open = false;
  });

  function outside(event) {
    const box = event.target.getBoundingClientRect();
    return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else openSidebar(false);
  });

  document.addEventListener("input", (event) => {
    const field = closest(event, "[data-must-equal]");
    if (field) guardTyped(field);
  });

  document.addEventListener("change", (event) => {
    const form = closest(event, "form.filters");
    if (!form) return;
    for (const filter of form.querySelectorAll(".filter")) {
      const field = filter.querySelector("input, select");
      filter.toggleAttribute("data-set", Boolean(field?.type === "checkbox" ? field.checked : field?.value));
    }
    form.toggleAttribute("data-filtered", Boolean(form.querySelector(".filter[data-set]")));
  });

  // A double click must not post twice. The button is disabled only after its own value was taken.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post") || event.defaultPrevented) return;
    setTimeout(() => {
      for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = true;
    });
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("form[method=post] button[type=submit]")) button.disabled = false;
  });

  // htmx: an answer that is an error is not swapped in; it is said

  const REASONS = {
    0: "The console cannot be reached. Check your connection and try again.",
    401: "You are signed out. Reload the page to sign in again.",
    403: "Your role does not allow this.",
    404: "This no longer exists. Reload the page.",
    409: "Someone changed this in the meantime. Reload the page and try again.",
    429: "Too many requests at once. Wait a moment and try again.",
  };

  function sayFailure(event) {
    const request = event.detail.xhr;
    if (request?.getResponseHeader?.("HX-Trigger")?.includes("toast")) return;
    const status = request?.status ?? 0;
    toast(REASONS[status] ?? (status >= 500 ? "Something went wrong on our side. Nothing was changed." : "The request was refused."), "error");
  }

  document.addEventListener("htmx:responseError", sayFailure);
  document.addEventListener("htmx:sendError", sayFailure);
  document.addEventListener("htmx:timeout", sayFailure);
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.level));

  // On a phone the heads of a table's columns are not shown: each cell then says its own

  function nameCells(table) {
    const names = [...table.tHead.rows[0].cells].map((head) => (head.querySelector(".visually-hidden") ? "" : head.textContent.trim()));
    for (const body of [...table.tBodies, table.tFoot ?? []].flat())
      for (const row of body.rows) {
        let column = 0;
        for (const cell of row.cells) {
          if (names[column]) cell.dataset.label = names[column];
          column += cell.colSpan;
        }
      }
    table.dataset.named = "";
  }

  function enhance(root) {
    for (const table of root.querySelectorAll("table.cards")) nameCells(table);
    for (const note of root.querySelectorAll("[data-toast]")) fade(note);
    for (const field of root.querySelectorAll("[data-must-equal]")) guardTyped(field);
    for (const dialog of root.querySelectorAll("dialog[data-open]")) openDialog(dialog.id);
  }

  document.addEventListener("htmx:load", (event) => event.target !== document.body && enhance(event.target.parentElement ?? event.target));
  showThemeChoice();
  enhance(document);
  window.toast = toast;
})();
