import { isMap, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import { parseDuration } from "./duration.ts";
import { ConfigError } from "./error.ts";
import { Fields, type ListItem, type Source } from "./fields.ts";
import { type ConnectGrant, DEFAULTS, type HubConfig } from "./model.ts";
import type { MachineAcl, Role, TokenEntry } from "./model.ts";

const PORT = { min: 0, max: 65535 };

/** Parses YAML text. @throws ConfigError naming the line of the first error, not its text */
export function parseYaml(text: string, path: string): Source {
  const lines = new LineCounter();
  // Pretty errors quote the offending line, which may hold a token.
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = doc.errors[0];
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line;
    throw new ConfigError("unparsable", { problem: `not valid YAML, ${error.code}`, path, line });
  }
  if (doc.contents !== null && !isMap(doc.contents)) {
    throw new ConfigError("invalid", { problem: "the file must be a mapping", path, line: 1 });
  }
  return { path, doc: doc as Document.Parsed, lines };
}

/**
 * Reads the configuration out of a parsed file. Unknown keys are ignored.
 *
 * Spec: hub-api.md 5.1. @throws ConfigError on a value of the wrong type, with its line
 */
export function readConfig(source: Source): HubConfig {
  const contents = source.doc.contents;
  const root = new Fields(source, isMap(contents) ? contents : undefined, "");
  const auth = root.fields("auth");
  const update = root.fields("update");
  const sources = update.fields("sources");
  return {
    hubId: root.text("hubId") ?? "",
    name: root.text("name") ?? "",
    port: root.integer("port", PORT) || DEFAULTS.port,
    udpPort: root.integer("udpPort", PORT) || DEFAULTS.udpPort,
    udpHost: root.text("udpHost") ?? "",
    wwwDir: root.text("wwwDir") ?? "",
    shutdownTimeoutMs: readTimeout(root),
    auth: {
      tokens: auth.list("tokens", (item) => readToken(item.fields())),
      machines: new Map(
        auth.fields("machines").entries().map(([name, acl]) => [name, readAcl(acl)]),
      ),
    },
    update: {
      channel: update.text("channel") ?? "",
      sources: Object.fromEntries(
        sources.keys().map((name) => [name, sources.text(name) ?? ""]).filter(([, url]) => url),
      ),
    },
  };
}

function readTimeout(root: Fields): number {
  const text = root.text("shutdownTimeout");
  if (text === undefined || text === "") return DEFAULTS.shutdownTimeoutMs;
  const ms = parseDuration(text);
  if (ms === undefined) root.reject("shutdownTimeout", "must be a duration such as 30s or 1m30s");
  return ms > 0 ? ms : DEFAULTS.shutdownTimeoutMs;
}

function readToken(fields: Fields): TokenEntry {
  const token = fields.text("token") ?? "";
  if (token === "") fields.reject("token", "must not be empty");
  return {
    id: fields.text("id") ?? "",
    token,
    role: readRole(fields),
    issuedAtMs: fields.time("issuedAt"),
    expiresAtMs: fields.time("expiresAt"),
    revokedAtMs: fields.time("revokedAt"),
  };
}

/** An unknown role gives no more than `user` does. Spec: hub-api.md 2 (roles) */
function readRole(fields: Fields): Role {
  const role = fields.text("hubRole");
  return role === "owner" || role === "admin" || role === "viewer" ? role : "user";
}

function readAcl(fields: Fields): MachineAcl {
  return {
    registerToken: fields.text("registerToken"),
    connect: fields.list("connectTokens", readGrant),
    manageTokens: fields.list("manageTokens", (item) => item.text()),
  };
}

/** Old files list bare tokens. Spec: hub-api.md D23 */
function readGrant(item: ListItem): ConnectGrant {
  if (!item.isMapping) return { token: item.text(), services: [] };
  const fields = item.fields();
  return {
    token: fields.text("token") ?? "",
    services: fields.list("services", (service) => service.text()),
  };
}
