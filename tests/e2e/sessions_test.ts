import assert from "node:assert/strict";
import { Fabric, MACHINE, newToken, within } from "../rig/mod.ts";

/** One more than a hub that counts sessions instead of freeing them can give. */
const SESSIONS = 255;

type Message = { type: string } & Record<string, unknown>;

/** A peer by Deno's own WebSocket, as an implementation other than ours. */
class Peer {
  readonly #socket: WebSocket;
  readonly #inbox: Message[] = [];
  readonly #closed = Promise.withResolvers<void>();
  #wake = Promise.withResolvers<void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      this.#inbox.push(JSON.parse(data));
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    };
    socket.onclose = () => this.#closed.resolve();
  }

  static async dial(url: string, first: Message): Promise<Peer> {
    const socket = new WebSocket(url);
    const peer = new Peer(socket);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    socket.onerror = null;
    socket.send(JSON.stringify(first));
    return peer;
  }

  /** The next message of this type; those of other types before it are dropped. */
  async next(type: string): Promise<Message> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message?.type === type) return message;
      if (message?.type === "error") throw new Error(`The hub answered: ${message.message}`);
      if (message === undefined) await this.#wake.promise;
    }
  }

  close(): Promise<void> {
    this.#socket.close();
    return this.closed;
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }
}

Deno.test("a machine serves 255 sessions one after the other (wire 13, wire 15, wire 32)", async () => {
  await using fabric = await Fabric.create();
  await fabric.startHub();
  const agent = await Peer.dial(fabric.hubUrl, {
    type: "register",
    machineName: MACHINE,
    agentId: crypto.randomUUID(),
    token: fabric.token,
    ports: [22],
  });
  await agent.next("registered");
  const wgPubKey = newToken();
  const session = async () => {
    const client = await Peer.dial(fabric.hubUrl, {
      type: "connect",
      machineId: MACHINE,
      token: fabric.token,
      wgPubKey,
    });
    const { sessionId, sessionIdx, ...request } = await agent.next("session-request");
    assert.equal(request.wgPubKey, wgPubKey);
    const joined = await Peer.dial(fabric.hubUrl, {
      type: "session-join",
      machineId: MACHINE,
      sessionId,
    });
    await joined.next("session-start");
    assert.equal((await client.next("ready")).sessionIdx, sessionIdx);
    assert.ok(Number(sessionIdx) >= 1 && Number(sessionIdx) <= 254, `index ${sessionIdx}`);
    await client.close();
    await joined.next("session-end");
    await joined.closed;
  };
  for (let i = 1; i <= SESSIONS; i++) {
    await within(session(), { what: `session ${i} of ${SESSIONS}` });
  }
  await agent.close();
});
