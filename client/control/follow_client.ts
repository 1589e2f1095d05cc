import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import { dialWebSocket } from "../../core/websocket/mod.ts";
import type { ControlAddress } from "./control_file.ts";
import type { ControlEvent } from "./event_bus.ts";

/** Options of {@linkcode followClient}. */
export interface FollowOptions {
  /** Receives each event. */
  onEvent: (event: ControlEvent) => void;
  /** Times the attempt to connect. */
  clock: Clock;
  /** Makes masking keys. */
  random: Random;
  /** Ends it. */
  signal: AbortSignal;
}

function eventIn(text: string): ControlEvent | undefined {
  try {
    const event = JSON.parse(text);
    return typeof event?.type === "string" ? event : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Listens to the events of a running client until it ends or the signal is aborted.
 *
 * @throws {import("../../core/websocket/mod.ts").DialError} if it cannot be reached
 */
export async function followClient(
  { port, token }: ControlAddress,
  { onEvent, clock, random, signal }: FollowOptions,
): Promise<void> {
  const url = `ws://127.0.0.1:${port}/ws`;
  const socket = await dialWebSocket({ url, clock, random, signal });
  const leave = () => socket.closeNow(1000, "");
  signal.addEventListener("abort", leave, { once: true });
  socket.sendText(token);
  await socket.run({
    binary() {},
    text(text) {
      const event = eventIn(text);
      if (event !== undefined) onEvent(event);
    },
  });
  signal.removeEventListener("abort", leave);
}
