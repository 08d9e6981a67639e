// Loaded before the first paint, so that a remembered appearance never flashes. Without a choice the system decides.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  function remembered() {
    try {
      return localStorage.getItem("theme") || "system";
    } catch {
      return "system"; // storage may be forbidden
    }
  }

  function apply() {
    const choice = remembered();
    root.dataset.bsTheme = choice === "system" ? (system.matches ? "dark" : "light") : choice;
    root.dataset.themeChosen = choice;
  }

  function choose(choice) {
    try {
      if (choice === "system") localStorage.removeItem("theme");
      else localStorage.setItem("theme", choice);
    } catch {
      root.dataset.bsTheme = choice;
      return;
    }
    apply();
  }

  apply();
  root.classList.add("has-script");
  system.addEventListener("change", apply);
  addEventListener("storage", apply); // another tab chose
  window.theme = { choose };
})();
