import { Fabric, until } from "../rig/mod.ts";

/** What an agent says of itself when it registers. Spec: wire.md 2.2 */
export interface AgentFields {
  /** Name of the machine. */
  readonly machineName: string;
  /** Everything else. */
  readonly [field: string]: unknown;
}

/** An agent that registers a machine and does nothing else. */
export class IdleAgent {
  /** Settles when the connection has ended. */
  readonly ended: Promise<void>;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => socket.onclose = () => resolve());
  }

  /** Registers, and waits until the hub has said so. */
  static async register(fabric: Fabric, fields: AgentFields): Promise<IdleAgent> {
    const socket = new WebSocket(fabric.hubUrl);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`Cannot reach ${fabric.hubUrl}`));
    });
    const answered = new Promise<string>((resolve, reject) => {
      socket.onmessage = ({ data }) => resolve(String(data));
      socket.onclose = ({ reason }) => reject(new Error(`The hub has hung up: ${reason}`));
    });
    const { token } = fabric;
    const register = { type: "register", agentId: fields.machineName, protocolVersion: 1, token };
    socket.send(JSON.stringify({ ...register, ...fields }));
    const answer = await answered;
    if (JSON.parse(answer).type !== "registered") throw new Error(`Not registered: ${answer}`);
    return new IdleAgent(socket);
  }

  /** Hangs up, and waits until that is done. */
  async close(): Promise<void> {
    this.#socket.close();
    await this.ended;
  }
}

/** Runs a hub whose console a test looks at, and agents that register there. */
export async function withHub(
  test: (hub: { fabric: Fabric; agents: IdleAgent[]; url: string }) => Promise<void>,
): Promise<void> {
  await using fabric = await Fabric.create();
  await fabric.startHub();
  const agents: IdleAgent[] = [];
  try {
    await test({ fabric, agents, url: `http://127.0.0.1:${fabric.hubPort}/` });
  } finally {
    await Promise.all(agents.map((agent) => agent.close()));
  }
}

/** Waits until the page has asked the hub and shows the answer: what was done before is on screen. */
export async function nextPoll(page: { textContent(selector: string): Promise<string | null> }) {
  // The first answer to come may be to a question of before.
  for (let answer = 1; answer <= 2; answer++) {
    const before = await page.textContent("#live");
    await until(async () => await page.textContent("#live") !== before, { what: "the next poll" });
  }
}
