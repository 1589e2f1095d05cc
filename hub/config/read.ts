import { ConfigError, type ConfigNode, parseDuration } from "../../core/config/mod.ts";
import { type ConnectGrant, DEFAULTS, type HubConfig, MIN_SECRET_LENGTH } from "./model.ts";
import type { AuditConfig, MachineAcl, Role, TokenEntry } from "./model.ts";

const PORT = { min: 0, max: 65535 };

/** RFC 3339, a blank for the `T` included. */
const TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/**
 * Reads the configuration out of a file. Unknown keys are ignored.
 *
 * Spec: hub-api.md 5.1. @throws ConfigError on a value of the wrong type, with its line
 */
export function readConfig(root: ConfigNode): HubConfig {
  const auth = root.get("auth");
  const update = root.get("update");
  return {
    hubId: root.get("hubId").string() ?? "",
    name: root.get("name").string() ?? "",
    port: root.get("port").integer(PORT) || DEFAULTS.port,
    udpPort: root.get("udpPort").integer(PORT) || DEFAULTS.udpPort,
    udpHost: root.get("udpHost").string() ?? "",
    udp: root.get("udp").boolean() ?? true,
    udpRelaySecret: readSecret(root.get("udpRelaySecret")),
    wwwDir: root.get("wwwDir").string() ?? "",
    shutdownTimeoutMs: readTimeout(root.get("shutdownTimeout")),
    auth: {
      tokens: auth.get("tokens").list().map(readToken),
      machines: new Map(
        auth.get("machines").entries().map(([name, acl]) => [name, readAcl(acl)]),
      ),
    },
    audit: readAudit(root.get("audit")),
    metrics: {
      open: root.get("metrics").get("open").boolean() ?? DEFAULTS.metrics.open,
      token: root.get("metrics").get("token").string() ?? DEFAULTS.metrics.token,
    },
    update: {
      channel: update.get("channel").string() ?? "",
      sources: Object.fromEntries(
        update.get("sources").entries()
          .map(([name, url]) => [name, url.string() ?? ""])
          .filter(([, url]) => url),
      ),
    },
  };
}

function readSecret(node: ConfigNode): string {
  const secret = node.string() ?? "";
  if (secret === "" || secret.length >= MIN_SECRET_LENGTH) return secret;
  throw node.fail(`expected at least ${MIN_SECRET_LENGTH} characters`);
}

function readTimeout(node: ConfigNode): number {
  const text = node.string() || "0";
  const ms = parseDuration(text);
  if (ms === undefined) throw node.fail("expected a duration such as 30s or 1m30s");
  return ms > 0 ? ms : DEFAULTS.shutdownTimeoutMs;
}

function readAudit(node: ConfigNode): AuditConfig {
  const { file, maxAgeMs, maxBytes } = DEFAULTS.audit;
  const days = node.get("keepDays").integer({ min: 0, max: 36_500 });
  const megabytes = node.get("keepMegabytes").integer({ min: 0, max: 1_000_000 });
  return {
    file: node.get("file").string() ?? file,
    maxAgeMs: days === undefined ? maxAgeMs : days * 24 * 3_600_000,
    maxBytes: megabytes === undefined ? maxBytes : megabytes * 1024 * 1024,
  };
}

function readTime(node: ConfigNode): number | undefined {
  const text = node.string();
  if (text === undefined) return undefined;
  const ms = parseTime(text);
  if (ms === undefined) throw node.fail("expected a time as 2027-01-01T00:00:00Z");
  return ms;
}

/** Milliseconds since 1970 of a time as RFC 3339 writes it; undefined if `text` is none. */
export function parseTime(text: string): number | undefined {
  const ms = TIME.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function readToken(node: ConfigNode): TokenEntry {
  const token = node.get("token").string() ?? "";
  if (token === "") throw node.fail("expected a token that is not empty");
  return {
    id: node.get("id").string() ?? "",
    token,
    role: readRole(node.get("hubRole")),
    issuedAtMs: readTime(node.get("issuedAt")),
    expiresAtMs: readTime(node.get("expiresAt")),
    revokedAtMs: readTime(node.get("revokedAt")),
  };
}

/** An unknown role gives no more than `user` does. Spec: hub-api.md 2 (roles) */
function readRole(node: ConfigNode): Role {
  const role = node.string();
  return role === "owner" || role === "admin" || role === "viewer" ? role : "user";
}

function readAcl(node: ConfigNode): MachineAcl {
  return {
    registerToken: node.get("registerToken").string(),
    connect: node.get("connectTokens").list().map(readGrant),
    manageTokens: node.get("manageTokens").list().map((item) => item.string() ?? ""),
  };
}

function readGrant(node: ConfigNode): ConnectGrant {
  const bare = bareToken(node);
  if (bare !== undefined) return { token: bare, services: [] };
  return {
    token: node.get("token").string() ?? "",
    services: node.get("services").list().map((service) => service.string() ?? ""),
  };
}

/** The token of a grant that old files write as a text, not as a map. Spec: hub-api.md D23 */
export function bareToken(node: ConfigNode): string | undefined {
  try {
    return node.string();
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
