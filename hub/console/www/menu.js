/**
 * Where an arrow key leads in a row of items, round and round.
 *
 * @param {string} key as `KeyboardEvent.key`
 * @param {{ index: number, count: number, axis: "horizontal" | "vertical" }} row
 * @returns {number | undefined} undefined if the key leads nowhere
 */
export function nextIndex(key, { index, count, axis }) {
  const [back, on] = axis === "vertical" ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
  if (count === 0) return undefined;
  if (key === on) return (index + 1) % count;
  if (key === back) return (index - 1 + count) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : undefined;
}

/**
 * Makes a button open a menu, which closes on a choice, Escape, a click elsewhere, or when focus goes.
 *
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} menu holds the items as buttons
 * @param {(item: HTMLButtonElement) => void} onChoice
 */
export function attachMenu(button, menu, onChoice) {
  const items = [...menu.querySelectorAll("button")];
  /** @param {boolean} isOpen */
  const setOpen = (isOpen) => {
    menu.hidden = !isOpen;
    button.setAttribute("aria-expanded", `${isOpen}`);
    if (isOpen) (items.find((item) => item.ariaChecked === "true") ?? items[0])?.focus();
  };
  button.addEventListener("click", () => setOpen(menu.hidden !== false));
  for (const item of items) {
    item.tabIndex = -1;
    item.addEventListener("click", () => {
      onChoice(item);
      setOpen(false);
      button.focus();
    });
  }
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      setOpen(false);
      button.focus();
    }
    const index = items.findIndex((item) => item === document.activeElement);
    const next = nextIndex(event.key, { index, count: items.length, axis: "vertical" });
    if (next === undefined) return;
    event.preventDefault();
    items[next]?.focus();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget !== button && !menu.contains(/** @type {Node | null} */ (relatedTarget))) {
      setOpen(false);
    }
  });
}
