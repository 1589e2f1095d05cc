import { json, problem, type Route } from "../http/mod.ts";
import type { PortalEntry } from "../config/mod.ts";
import { isHubUrl, PortalError, portalUrl } from "../portals/mod.ts";
import { type AdminOptions, isName, NAME_RULE } from "./context.ts";
import type { AdminHandler, Gate } from "./gate.ts";
import { committed } from "./outcome.ts";
import { readChange } from "./read_change.ts";

/** A portal as it is shown: never its token. Spec: hub-api.md 1.5 */
function portalView(name: string, { url, hubDirectory, syncToken }: PortalEntry): object {
  return { name, url, hubDirectory, hasSyncToken: syncToken !== "" };
}

/** The directories that list this hub. Spec: hub-api.md 1.5 */
class PortalResource {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  readonly list: AdminHandler = () => {
    const portals = [...this.#options.portals.all].toSorted(([a], [b]) => a < b ? -1 : 1);
    return json({ portals: portals.map(([name, entry]) => portalView(name, entry)) });
  };

  readonly add: AdminHandler = async (request, context) => {
    const { portals, log } = this.#options;
    const { value, refusal } = await readChange(this.#options, { request, context });
    if (refusal !== undefined) return refusal;
    const { name, portalUrl: urlText, hubUrl, portalToken = "" } = value;
    if (!isName(name)) return problem(`name: expected a name for the portal, ${NAME_RULE}`, 400);
    const url = typeof urlText === "string" ? portalUrl(urlText) : undefined;
    if (url === undefined) return problem("portalUrl: expected as https://portal.example", 400);
    if (typeof hubUrl !== "string" || !isHubUrl(hubUrl)) {
      return problem("hubUrl: expected this hub's address as wss://hub.example", 400);
    }
    if (typeof portalToken !== "string") return problem("portalToken: expected text", 400);
    if (!portals.canRegister) {
      return problem("this hub has no name: set name in its configuration and restart it", 400);
    }
    const entry = {
      event: "admin-change",
      detail: `portal ${JSON.stringify(name)} at ${url}`,
    } as const;
    return await committed({ log, context, entry }, async () => {
      try {
        const { entry: kept, isUpdate } = await portals.add(name, { url, hubUrl, portalToken });
        return json({ status: isUpdate ? "updated" : "created", ...portalView(name, kept) }, 201);
      } catch (error) {
        if (!(error instanceof PortalError)) throw error;
        context.record({ ...entry, result: "failed", reason: "portal" });
        return problem(`cannot register with ${url}: ${error.message}`, 502);
      }
    });
  };

  readonly remove: AdminHandler = async (request, context) => {
    const { portals, log } = this.#options;
    const name = context.params.name || new URL(request.url).searchParams.get("name") || "";
    if (name === "") return problem("missing name: DELETE /api/admin/portals/NAME", 400);
    const detail = `portal ${JSON.stringify(name)} removed`;
    const entry = { event: "admin-change", detail } as const;
    return await committed(
      { log, context, entry },
      async () =>
        await portals.remove(name)
          ? json({ status: "removed", name })
          : problem(`no portal ${JSON.stringify(name)}; list them to see their names`, 404),
    );
  };
}

/** The routes of portals. Spec: hub-api.md 1.5 */
export function portalRoutes(gate: Gate, options: AdminOptions): Route[] {
  const { list, add, remove } = new PortalResource(options);
  const first = "auth";
  return [
    gate.route({
      path: "/api/admin/portals",
      first,
      methods: { GET: list, POST: add, DELETE: remove },
    }),
    gate.route({ path: "/api/admin/portals/:name(.*)", first, methods: { DELETE: remove } }),
  ];
}
