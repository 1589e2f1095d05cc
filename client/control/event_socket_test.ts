import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { EventSocket, MAX_UNREAD_BYTES, TOKEN_TIMEOUT_MS } from "./event_socket.ts";
import { RunningClient } from "./running_client.ts";

function setUp({ authorized }: { authorized: boolean }) {
  const clock = new ManualClock();
  const client = new RunningClient({ profile: "", verbose: false, clock, stop() {} });
  const sent: { type: string; count?: number }[] = [];
  const closed: number[] = [];
  const transport = {
    bufferedAmount: 0,
    send: (text: string) => void sent.push(JSON.parse(text)),
    close: (code: number) => void closed.push(code),
  };
  const socket = new EventSocket({ transport, client, token: "secret", authorized, clock });
  return { clock, client, sent, closed, transport, socket };
}

const EVENT = { type: "connection_state", connected: true } as const;

Deno.test("EventSocket ends a listener that shows no token within 5 s, a wrong or an endless one", () => {
  const silent = setUp({ authorized: false });
  silent.clock.advance(TOKEN_TIMEOUT_MS - 1);
  assert.deepEqual(silent.closed, []);
  silent.clock.advance(1);
  assert.deepEqual(silent.closed, [1008]);
  for (const data of ["Secret", "", "s".repeat(5000), new ArrayBuffer(6)]) {
    const { socket, client, closed, sent, clock } = setUp({ authorized: false });
    socket.message(data);
    socket.message("secret");
    client.events.publish(EVENT);
    assert.deepEqual([closed, sent, clock.nextTimerMs()], [[1008], [], Infinity]);
  }
});

Deno.test("EventSocket drops events for a slow reader and tells how many", () => {
  const { client, sent, transport, socket, clock } = setUp({ authorized: true });
  transport.bufferedAmount = MAX_UNREAD_BYTES + 1;
  for (let i = 0; i < 3; i++) client.events.publish(EVENT);
  assert.equal(sent.length, 1);
  transport.bufferedAmount = 0;
  client.events.publish(EVENT);
  client.events.publish(EVENT);
  assert.deepEqual(sent.slice(1), [{ type: "events_dropped", count: 3 }, EVENT, EVENT]);
  socket.ended();
  client.events.publish(EVENT);
  assert.equal(sent.length, 4);
  assert.equal(clock.nextTimerMs(), Infinity);
});
