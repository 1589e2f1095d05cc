/** The CLI reference. */

import { cliSections } from "./cli.js";
import { byId, copyable, element } from "./dom.js";

/** @param {{ ws: string, http: string }} hub its addresses */
export function showCli(hub) {
  const sections = cliSections(hub).map(({ title, description, commands }) =>
    element("article", { className: "card cli-section" }, [
      element("h2", { className: "card-title", text: title }),
      element("p", { className: "card-desc", text: description }),
      ...commands.map(([what, command]) =>
        element("div", { className: "cli-command" }, [
          element("p", { text: what }),
          copyable(command, { label: `Copy: ${what}`, wraps: true }),
        ])
      ),
    ])
  );
  byId("cli-sections", HTMLElement).replaceChildren(...sections);
}
