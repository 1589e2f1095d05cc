import { channelName, manifestBase } from "../../core/release/mod.ts";
import type { UpdateChange } from "../config/mod.ts";
import { json, type JsonObject, problem, type Route } from "../http/mod.ts";
import type { AdminOptions } from "./context.ts";
import type { AdminContext, AdminHandler, Gate } from "./gate.ts";
import { committed } from "./outcome.ts";
import { readChange } from "./read_change.ts";

/** Spec: hub-api.md 5.1 (`update.channel`), 7 */
const DEFAULT_CHANNEL = "dev";

/** Spec: hub-api.md 7 (built-ins) */
const BUILT_IN = {
  names: ["dev", "beta", "stable"],
  base: "https://github.com/paulmooreparks/tela/releases/download/channels/",
};

/** Sources that are kept at most. */
const MAX_SOURCES = 64;

const CANNOT_UPDATE = "this hub does not update itself: update the program where it runs";
const NO_CHANNELS = "this hub serves no release channels";
const NAME_REFUSED = "channel: expected letters, digits and hyphens, as stable";
const BASE_REFUSED = "expected an address as https://releases.example.com/";

function channelOf(value: unknown): string | undefined {
  return typeof value === "string" ? channelName(value) : undefined;
}

function baseOf(value: unknown): string | undefined {
  return typeof value === "string" ? manifestBase(value) : undefined;
}

/**
 * Updates and release channels: what the configuration says of them, which agents are told when they
 * register. The hub itself neither looks for releases nor serves any, and says so.
 *
 * Spec: hub-api.md 1.6, 7
 */
class UpdateResource {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  readonly show: AdminHandler = () =>
    json({
      channel: this.#channel,
      manifestUrl: this.#manifestUrl(this.#channel),
      currentVersion: this.#options.version,
      latestVersion: "",
      updateAvailable: false,
      sources: this.#sources,
      error: CANNOT_UPDATE,
    });

  readonly set: AdminHandler = async (request, context) => {
    const options = { request, context, isOptional: true };
    const { value, refusal } = await readChange(this.#options, options);
    if (refusal !== undefined) return refusal;
    const change = this.#changeOf(value);
    if (change instanceof Response) return change;
    const respond = () => {
      const channel = this.#channel;
      return json({ ok: true, channel, manifestUrl: this.#manifestUrl(channel) });
    };
    if (change.channel === undefined && change.source === undefined) return respond();
    return await this.#commit(change, { context, respond });
  };

  /** Spec: hub-api.md 1.6 (POST). The version that runs is all that there is to be had here. */
  readonly update: AdminHandler = async (request, context) => {
    const options = { request, context, isOptional: true };
    const { value, refusal } = await readChange(this.#options, options);
    if (refusal !== undefined) return refusal;
    const running = this.#options.version;
    const isRunning = value.version === running || value.version === `v${running}`;
    return isRunning
      ? json({ ok: true, message: `already running ${running}` })
      : problem(CANNOT_UPDATE, 501);
  };

  readonly listSources: AdminHandler = () => json({ sources: this.#sources });

  readonly setSource: AdminHandler = async (request, context) => {
    const { value, refusal } = await readChange(this.#options, { request, context });
    if (refusal !== undefined) return refusal;
    const name = channelOf(context.params.name);
    const base = baseOf(value.base);
    if (name === undefined) return problem(NAME_REFUSED, 400);
    if (base === undefined) return problem(`base: ${BASE_REFUSED}`, 400);
    if (this.#isFullFor(name)) return problem(`at most ${MAX_SOURCES} sources`, 400);
    const respond = () => json({ ok: true, name, base });
    return await this.#commit({ source: { name, base } }, { context, respond });
  };

  readonly removeSource: AdminHandler = async (_, context) => {
    const name = context.params.name!;
    if (name === "") return problem("missing name: DELETE /api/admin/update/sources/NAME", 400);
    if (!Object.hasOwn(this.#sources, name)) {
      return problem(`no source ${JSON.stringify(name)}; list them to see their names`, 404);
    }
    const respond = () => json({ ok: true, name });
    return await this.#commit({ source: { name, base: undefined } }, { context, respond });
  };

  get #sources(): Readonly<Record<string, string>> {
    return this.#options.updateFile.update.sources;
  }

  get #channel(): string {
    return channelOf(this.#options.updateFile.update.channel) ?? DEFAULT_CHANNEL;
  }

  /** "" for a channel whose source nobody has named. */
  #manifestUrl(channel: string): string {
    const named = Object.hasOwn(this.#sources, channel) ? this.#sources[channel] : undefined;
    const base = named ?? (BUILT_IN.names.includes(channel) ? BUILT_IN.base : "");
    return base === "" ? "" : `${base.replace(/\/*$/, "/")}${channel}.json`;
  }

  #isFullFor(name: string): boolean {
    return !Object.hasOwn(this.#sources, name) && Object.keys(this.#sources).length >= MAX_SOURCES;
  }

  #changeOf({ channel: asked = "", manifestBase = "" }: JsonObject): UpdateChange | Response {
    const channel = asked === "" ? undefined : channelOf(asked);
    if (asked !== "" && channel === undefined) return problem(NAME_REFUSED, 400);
    const followed = channel === undefined ? {} : { channel };
    if (manifestBase === "") return followed;
    const [name, base] = [channel ?? this.#channel, baseOf(manifestBase)];
    if (base === undefined) return problem(`manifestBase: ${BASE_REFUSED}`, 400);
    if (this.#isFullFor(name)) return problem(`at most ${MAX_SOURCES} sources`, 400);
    return { ...followed, source: { name, base } };
  }

  async #commit(
    change: UpdateChange,
    { context, respond }: { context: AdminContext; respond: () => Response },
  ): Promise<Response> {
    const { updateFile, log } = this.#options;
    const { channel, source } = change;
    const parts = [
      ...(channel === undefined ? [] : [`release channel ${channel}`]),
      ...(source === undefined ? [] : [
        `release channel ${source.name} ${source.base ? `comes from ${source.base}` : "forgotten"}`,
      ]),
    ];
    const entry = { event: "admin-change", detail: parts.join(", ") } as const;
    return await committed({ log, context, entry }, async () => {
      await updateFile.commitUpdate(change);
      return respond();
    });
  }
}

/** Refuses what this hub does not do. */
function refuse(error: string, status: number): AdminHandler {
  return () => problem(error, status);
}

/** The routes of updates and release channels. Spec: hub-api.md 1.6, 7 */
export function updateRoutes(gate: Gate, options: AdminOptions): Route[] {
  const { show, set, update, listSources, setSource, removeSource } = new UpdateResource(options);
  const first = "auth";
  return [
    gate.route({
      path: "/api/admin/update",
      first,
      methods: { GET: show, PATCH: set, POST: update },
    }),
    gate.route({ path: "/api/admin/update/sources", first, methods: { GET: listSources } }),
    gate.route({
      path: "/api/admin/update/sources/:name(.*)",
      first,
      methods: {
        GET: refuse("no name here: GET /api/admin/update/sources", 400),
        PUT: setSource,
        DELETE: removeSource,
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
