import type { UpdateConfig } from "../config/mod.ts";
import { json, problem, type Route } from "../http/mod.ts";
import type { AdminOptions } from "./context.ts";
import type { AdminHandler, Gate } from "./gate.ts";

/** Spec: hub-api.md 5.1 (`update.channel`), 7 */
const DEFAULT_CHANNEL = "dev";

/** Spec: hub-api.md 7 */
const CHANNEL_NAME = /^[a-z0-9-]+$/;

/** Spec: hub-api.md 7 (built-ins) */
const BUILT_IN = {
  names: ["dev", "beta", "stable"],
  base: "https://github.com/paulmooreparks/tela/releases/download/channels/",
};

const CANNOT_UPDATE = "this hub does not update itself: update the program where it runs";
const NO_CHANGES = "this hub does not change release channels: edit update in its configuration";
const NO_CHANNELS = "this hub serves no release channels";

/** Where a channel's manifest is; "" for one whose source nobody has named. */
function manifestUrlOf(channel: string, sources: UpdateConfig["sources"]): string {
  const builtIn = BUILT_IN.names.includes(channel) ? BUILT_IN.base : "";
  const base = (Object.hasOwn(sources, channel) && sources[channel]) || builtIn;
  return base === "" ? "" : `${base.replace(/\/*$/, "/")}${channel}.json`;
}

/** Refuses what this hub does not do. */
function refuse(error: string, status: number): AdminHandler {
  return () => problem(error, status);
}

/**
 * Updates and release channels: what the configuration says of them, which agents are told. The hub
 * itself neither looks for releases nor serves any, and says so.
 *
 * Spec: hub-api.md 1.6, 7
 */
export function updateRoutes(gate: Gate, { update, version }: AdminOptions): Route[] {
  const show: AdminHandler = () => {
    const { channel: written, sources } = update();
    const channel = CHANNEL_NAME.test(written) ? written : DEFAULT_CHANNEL;
    return json({
      channel,
      manifestUrl: manifestUrlOf(channel, sources),
      currentVersion: version,
      latestVersion: "",
      updateAvailable: false,
      sources,
      error: CANNOT_UPDATE,
    });
  };
  const listSources: AdminHandler = () => json({ sources: update().sources });
  const notHere = refuse(NO_CHANGES, 501);
  const first = "auth";
  return [
    gate.route({
      path: "/api/admin/update",
      first,
      methods: { GET: show, PATCH: notHere, POST: refuse(CANNOT_UPDATE, 501) },
    }),
    gate.route({ path: "/api/admin/update/sources", first, methods: { GET: listSources } }),
    gate.route({
      path: "/api/admin/update/sources/:name(.*)",
      first,
      methods: {
        GET: refuse("no name here: GET /api/admin/update/sources", 400),
        PUT: notHere,
        DELETE: notHere,
      },
    }),
    gate.route({
      path: "/api/admin/channels/files/:path(.*)",
      first: "method",
      methods: { PUT: refuse(NO_CHANNELS, 409) },
    }),
    gate.route({
      path: "/api/admin/channels/publish",
      first: "method",
      methods: { POST: refuse(NO_CHANNELS, 409) },
    }),
  ];
}
