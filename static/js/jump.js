// Ctrl K or ⌘K: any page by a few letters of its name. The list is the navigation already on the page.
(() => {
  const dialog = document.getElementById("jump");
  const opener = document.querySelector("[data-jump-open]");
  if (!dialog || !opener) return;
  const text = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  const pages = [".sidebar a.nav-item", ".sidebar a.menu-item"].flatMap((kind) => [...document.querySelectorAll(kind)]);
  if (!pages.length) return;
  let chosen = 0;

  opener.hidden = false;
  if (/Mac|iPhone|iPad/.test(navigator.platform)) opener.querySelector("kbd").textContent = "⌘K";

  function open() {
    if (dialog.open) return;
    dialog.showModal();
    text.value = "";
    show();
  }

  function show() {
    const wanted = text.value.trim().toLowerCase();
    const found = pages.filter((page) => letters(wanted, page.innerText || page.textContent));
    list.replaceChildren(...found.map(row));
    choose(0);
  }

  // Letters in order, so that "rop" finds Route Optimization
  function letters(wanted, name) {
    let place = 0;
    for (const letter of name.toLowerCase()) if (letter === wanted[place]) place++;
    return place >= wanted.length;
  }

  function row(page, place) {
    const item = document.createElement("li");
    item.role = "option";
    item.id = `jump-${place}`;
    const link = document.createElement("a");
    link.href = page.href;
    link.tabIndex = -1;
    link.append(...[...page.childNodes].map((node) => node.cloneNode(true)));
    item.append(link);
    return item;
  }

  function choose(place) {
    const rows = [...list.children];
    chosen = rows.length ? (place + rows.length) % rows.length : 0;
    rows.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    rows[chosen]?.scrollIntoView({ block: "nearest" });
    text.setAttribute("aria-activedescendant", rows[chosen]?.id ?? "");
  }

  opener.addEventListener("click", open);
  text.addEventListener("input", show);
  text.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter") list.children[chosen]?.querySelector("a").click();
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointermove", (event) => {
    const item = event.target.closest("li");
    if (item) choose([...list.children].indexOf(item));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
})();
