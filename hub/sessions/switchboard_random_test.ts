import assert from "node:assert/strict";
import fc from "fast-check";
import { type FakeConnection, SwitchboardRig, UdpRig } from "../testing/mod.ts";
import { LocalCarrier } from "../udp/mod.ts";

const SEED = 20260801;

type Action =
  | { do: "dial" | "leave" | "stall" | "drain" | "ping"; who: number }
  | { do: "register" | "connect"; who: number; machine: string; id: string }
  | { do: "join"; who: number; machine: string; session: number }
  | { do: "text"; who: number; text: string }
  | { do: "binary"; who: number; bytes: Uint8Array }
  | { do: "advance"; ms: number };

const who = fc.nat(9);
const machine = fc.constantFrom("barn", "barn", "barn", "barn", "shed");
const id = fc.constantFrom("r1", "r2", "r3");
const disturbance: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constantFrom("dial", "leave", "stall", "drain", "ping"), who }),
  fc.record({
    do: fc.constant("text"),
    who,
    text: fc.oneof(fc.string(), fc.json(), fc.constant('{"type":"keepalive"}')),
  }),
  fc.record({ do: fc.constant("advance"), ms: fc.nat(40_000) }),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("register", "connect", "connect"),
      who,
      machine,
      id,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("join"), who, machine, session: fc.nat(1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("binary"),
      who,
      bytes: fc.uint8Array({ minLength: 5, maxLength: 12 }),
    }),
  },
  { weight: 1, arbitrary: disturbance },
);

class Player {
  readonly udp = new UdpRig();
  readonly rig = new SwitchboardRig({
    udp: new LocalCarrier(this.udp.relay, () => ({ port: 41820, host: "" })),
  });
  readonly sockets: FakeConnection[] = [];
  readonly sessionIds: string[] = [];

  play(step: Action): void {
    if (step.do === "advance") return this.rig.clock.advance(step.ms);
    if (step.do === "dial" || this.sockets.length === 0) {
      this.sockets.push(this.rig.dial());
      return;
    }
    this.#act(this.#choose(step), step);
    this.#learn();
  }

  /** Mostly one of the latest; for what only counts on a new socket, mostly a new one. */
  #choose(step: Exclude<Action, { do: "advance" }>): FakeConnection {
    const wantsNew = step.do === "register" || step.do === "connect" || step.do === "join";
    if (wantsNew && step.who < 7) this.sockets.push(this.rig.dial());
    return wantsNew && step.who < 7
      ? this.sockets.at(-1)!
      : this.sockets.at(-1 - step.who % this.sockets.length)!;
  }

  #act(socket: FakeConnection, step: Exclude<Action, { do: "advance" }>): void {
    if (step.do === "leave") socket.leave();
    else if (step.do === "stall") socket.stall(300 * 1024);
    else if (step.do === "drain") socket.drainTo(0);
    else if (step.do === "ping") socket.pinged();
    else if (step.do === "text") socket.text(step.text);
    else if (step.do === "binary") socket.binary(new Uint8Array([0x54, ...step.bytes]));
    else if (step.do === "connect") socket.text({ type: "connect", machineId: step.machine });
    else if (step.do === "register") {
      const { machine: machineName, id: machineRegistrationId } = step;
      socket.text({ type: "register", agentId: "a", machineName, machineRegistrationId });
    } else if (step.do === "join") {
      const sessionId = this.sessionIds.at(-1 - step.session) ?? "none";
      socket.text({ type: "session-join", machineId: step.machine, sessionId });
    }
  }

  /** Session ids that agents have been told. */
  #learn(): void {
    for (const socket of this.sockets) {
      for (const sent of socket.sent.splice(0)) {
        const sessionId = typeof sent === "string" && /"sessionId":"(\w+)"/.exec(sent)?.[1];
        if (sessionId) this.sessionIds.push(sessionId);
      }
    }
  }
}

Deno.test(`Switchboard survives any order of events and keeps nothing of the dead (seed ${SEED})`, async () => {
  let pairings = 0;
  let frames = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 80 }), async (steps) => {
      const player = new Player();
      const { rig, sockets } = player;
      for (const step of steps) {
        player.play(step);
        await rig.settle();
      }
      for (const socket of sockets) socket.leave();
      await rig.settle();
      for (const entry of rig.registry.all()) {
        assert.equal(entry.isOnline, false);
        assert.equal(rig.switchboard.sessionCount(entry), 0);
      }
      assert.equal(player.udp.relay.tokenCount, 0);
      pairings += rig.lines.filter((line) => line.endsWith(": paired")).length;
      const { toAgent, toClient } = rig.switchboard.stats;
      frames += toAgent.frames + toClient.frames;
      assert.deepEqual(rig.lines.filter((line) => line.includes("internal error")), []);
      await rig.switchboard.shutdown(0);
      rig.repeats.flush();
      assert.equal(rig.clock.nextTimerMs(), Infinity, "no timer is left");
    }),
    { seed: SEED, numRuns: 300 },
  );
  assert.ok(pairings > 100 && frames > 20, `too tame: ${pairings} pairings, ${frames} frames`);
});
