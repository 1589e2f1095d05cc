/**
 * Some of the clients of `sessions.ts`, in a thread of its own: more in one would wait for each other,
 * and it is the hub and the agent that are measured. Each session is like that of `tela connect`, but
 * goes by WebSocket alone.
 *
 * @module
 */

import { encodeHex } from "../../core/bytes/mod.ts";
import { systemClock as clock, systemRandom as random } from "../../core/clock/mod.ts";
import type { TcpConn } from "../../core/netstack/mod.ts";
import { dialHub } from "../../core/path/mod.ts";
import { Tunnel } from "../../core/tunnel/mod.ts";
import { generatePrivateKey, parseKey, publicKey } from "../../core/wireguard/mod.ts";
import { noise } from "../rig/mod.ts";
import { answerQuestions } from "./thread.ts";

/** Who is to be reached, and the index of the session. */
export interface CrowdMember {
  hubUrl: string;
  machine: string;
  token: string;
  index: number;
}

/** What a crowd is asked: to open sessions, to send by them, how they fare, and to end. */
export type CrowdQuestion =
  | { type: "open"; members: CrowdMember[] }
  | { type: "connect"; port: number }
  | { type: "send" }
  | { type: "state" }
  | { type: "end" };

/** How the sessions of a crowd fare. */
export interface CrowdState {
  /** Sessions without a path. */
  down: number;
  /** Why they lost their sockets. */
  reasons: string[];
}

const sessions: { tunnel: Tunnel; index: number; connection?: TcpConn }[] = [];
const reasons: string[] = [];

async function openSession({ hubUrl, machine, token, index }: CrowdMember): Promise<void> {
  const privateKey = generatePrivateKey(random);
  const socket = await dialHub({ url: hubUrl, clock, random });
  const wgPubKey = encodeHex(publicKey(privateKey));
  socket.send({ type: "connect", machineId: machine, token, wgPubKey });
  let sessionIdx = 0;
  let peerPublicKey: Uint8Array | undefined;
  while (sessionIdx === 0 || peerPublicKey === undefined) {
    const message = await socket.next();
    if (message === undefined) throw new Error("The hub closed the connection");
    if (message.type === "error") throw new Error(`The hub refused: ${message.message}`);
    if (message.type === "ready") ({ sessionIdx } = message);
    if (message.type === "wg-pubkey") peerPublicKey = parseKey(message.wgPubKey);
  }
  const tunnel = new Tunnel({
    ...{ role: "client", sessionIdx, privateKey, peerPublicKey, clock, random },
    mtuBytes: 16_384,
    handler: { waiting: (reason) => reasons.push(reason) },
  });
  tunnel.attach(socket);
  sessions.push({ tunnel, index });
}

/** Opens the connection of each session to the sink and says which one it is. */
async function connect(port: number): Promise<void> {
  for (const session of sessions) {
    session.connection = await session.tunnel.connect({ port });
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, session.index);
    await session.connection.write(head);
  }
}

async function sendForever(tunnel: Tunnel, connection: TcpConn): Promise<void> {
  const chunk = noise(64 * 1024, 1);
  try {
    for (;;) await connection.write(chunk);
  } catch (error) {
    if (tunnel.state !== "ended") throw error;
  }
}

answerQuestions(async (question: CrowdQuestion): Promise<CrowdState> => {
  if (question.type === "open") {
    for (const member of question.members) await openSession(member);
  } else if (question.type === "connect") await connect(question.port);
  else if (question.type === "send") {
    for (const { tunnel, connection } of sessions) sendForever(tunnel, connection!);
  } else if (question.type === "end") {
    for (const { tunnel } of sessions) tunnel.end("measured");
  }
  return { down: sessions.filter(({ tunnel }) => tunnel.state !== "up").length, reasons };
});
