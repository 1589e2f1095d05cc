// Runs before anything is painted, so that nobody sees the other theme flash; `theme.js` takes over.
{
  /** @type {string | null} */
  let choice = null;
  try {
    choice = localStorage.getItem("tela_console_theme");
  } catch {
    // Storage is blocked: the system decides.
  }
  const isDark = choice === "dark" ||
    (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
}
