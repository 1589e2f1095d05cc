import { isJsonObject } from "../../core/control/mod.ts";

/** A JSON object of a hub's answer; the hub may be newer or older, so nothing is sure of it. */
export type JsonObject = Readonly<Record<string, unknown>>;

function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A service as a hub shows it. */
export interface ServiceStatus {
  /** Port of the machine; undefined if the hub gave none. */
  readonly port: number | undefined;
  /** Name, else the label that older hubs give, else "". */
  readonly name: string;
}

/** A machine as a hub shows it. */
export interface MachineStatus {
  /** Name of the machine. */
  readonly id: string;
  /** Whether its agent is connected to the hub. */
  readonly online: boolean;
  /** Sessions now. */
  readonly sessionCount: number;
  /** Version of its agent, "" if unknown. */
  readonly agentVersion: string;
  /** Fingerprint of its agent as the hub claims it, "" if it claims none; proves nothing. */
  readonly claimedIdentity: string;
  /** In the hub's order. */
  readonly services: readonly ServiceStatus[];
  /** The machine as the hub sent it, with fields that this program does not know. */
  readonly raw: JsonObject;
}

/** What a hub answers to `GET /api/status`. */
export interface HubStatus {
  /** Time at the hub, as it wrote it; "" if absent. */
  readonly timestamp: string;
  /** In the hub's order. */
  readonly machines: readonly MachineStatus[];
  /** The document as the hub sent it. */
  readonly raw: JsonObject;
}

function readService(service: JsonObject): ServiceStatus {
  const port = typeof service.port === "number" && service.port > 0 ? service.port : undefined;
  return { port, name: textOf(service.name) || textOf(service.label) };
}

function readMachine(raw: JsonObject): MachineStatus {
  return {
    id: textOf(raw.id),
    online: raw.agentConnected === true,
    sessionCount: typeof raw.sessionCount === "number" ? raw.sessionCount : 0,
    agentVersion: textOf(raw.agentVersion),
    claimedIdentity: isJsonObject(raw.capabilities) ? textOf(raw.capabilities.identity) : "",
    services: objectsIn(raw.services).map(readService),
    raw,
  };
}

/** Reads a status document; undefined if it is none. Spec: hub-api.md 1.1 (`/api/status`) */
export function readHubStatus(document: unknown): HubStatus | undefined {
  if (!isJsonObject(document) || !Array.isArray(document.machines)) return undefined;
  return {
    timestamp: textOf(document.timestamp),
    machines: objectsIn(document.machines).map(readMachine),
    raw: document,
  };
}

/** Its name, else `port N`, else `service`. Spec: client.md 1.1 */
export function serviceLabel({ name, port }: ServiceStatus): string {
  if (name !== "") return name;
  return port === undefined ? "service" : `port ${port}`;
}
