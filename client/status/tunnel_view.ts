import { formatTable, printable } from "../../core/cli/mod.ts";
import { formatTime } from "../../core/log/mod.ts";
import type { PeerStatus, TunnelStatus } from "../../core/tunnel/mod.ts";
import type { ConnectionStatus } from "../control/mod.ts";
import { formatBytes, formatHeard, formatLoss, formatRate, formatRtt } from "./format.ts";

/** Column of the values: that of the hub's five lines is 11. */
const LABEL_CHARS = 12;

const TRUST: Readonly<Record<PeerStatus["verified"], string>> = {
  pinned: "verified",
  "first-use": "seen for the first time, trusted from now on",
  unverified: "not verified",
};

function peerText({ kind, fingerprint, verified }: PeerStatus): string {
  const words: string[] = [TRUST[verified] ?? verified];
  if (fingerprint !== undefined) words.push(fingerprint);
  else if (kind === "reference") words.push("its program has no identity to show");
  return words.join(", ");
}

function stateText({ state, note, tunnel }: ConnectionStatus): string {
  const since = tunnel === null ? "" : ` since ${formatTime(tunnel.sinceWallMs)}`;
  return state + since + (note === "" ? "" : `: ${note}`);
}

function pathText({ path, pathSinceWallMs, paths }: TunnelStatus): string {
  if (path === undefined) return "none";
  const used = paths.find(({ kind }) => kind === path);
  const to = used === undefined ? "" : ` to ${used.remote}`;
  const since = pathSinceWallMs === undefined ? "" : ` since ${formatTime(pathSinceWallMs)}`;
  return path + to + since;
}

function tunnelLines(tunnel: TunnelStatus, nowWallMs: number): [label: string, text: string][] {
  const used = tunnel.paths.find(({ kind }) => kind === tunnel.path);
  const traffic = `${formatBytes(tunnel.sentBytes)} sent, ${
    formatBytes(tunnel.receivedBytes)
  } received`;
  return [
    ["Path", pathText(tunnel)],
    ["Round trip", formatRtt(used?.rttMs)],
    ["Loss", formatLoss(used?.loss)],
    ["Goodput", formatRate(used?.goodputBps)],
    ["Traffic", traffic],
    ["Last heard", formatHeard(tunnel.heardAgoMs, nowWallMs)],
    ["Peer", peerText(tunnel.peer)],
    ["Resumed", tunnel.resumes === 1 ? "once" : `${tunnel.resumes} times`],
    ...(tunnel.note === undefined ? [] : [["Note", tunnel.note] as [string, string]]),
  ];
}

/** The paths side by side, where there is a choice. */
function pathTable({ paths }: TunnelStatus, nowWallMs: number): string {
  if (paths.length < 2) return "";
  const rows = paths.map((path) => [
    path.kind,
    path.remote,
    path.state,
    formatRtt(path.rttMs),
    formatLoss(path.loss),
    formatRate(path.goodputBps),
    String(path.mtuBytes),
    formatBytes(path.sentBytes),
    formatBytes(path.receivedBytes),
    formatHeard(path.heardAgoMs, nowWallMs),
  ]);
  return formatTable({
    headings: [
      "PATH",
      "REMOTE",
      "STATE",
      "ROUND TRIP",
      "LOSS",
      "GOODPUT",
      "MTU",
      "SENT",
      "RECEIVED",
      "HEARD",
    ],
    right: ["ROUND TRIP", "LOSS", "GOODPUT", "MTU", "SENT", "RECEIVED"],
    rows,
  });
}

/** What `tela status` prints of one connection of a running client. */
export function connectionView(connection: ConnectionStatus, nowWallMs: number): string {
  const { machine, hub, services, openConnections, tunnel } = connection;
  const ports = services.map(({ local, remote, name }) =>
    `localhost:${local} → ${name} (${remote})`
  );
  const lines: [string, string][] = [
    ["Machine", machine],
    ["Hub", hub],
    ["State", stateText(connection)],
    ...(tunnel === null ? [] : tunnelLines(tunnel, nowWallMs)),
    ["Open", `${openConnections} ${openConnections === 1 ? "connection" : "connections"}`],
    ["Ports", ports.join(", ") || "-"],
  ];
  const text = lines.map(([label, value]) =>
    `${`${label}:`.padEnd(LABEL_CHARS)}${printable(value)}\n`
  );
  return text.join("") + (tunnel === null ? "" : pathTable(tunnel, nowWallMs));
}
