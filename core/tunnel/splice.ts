import type { ByteStream } from "../stream/mod.ts";

async function copy(from: ByteStream, to: ByteStream): Promise<void> {
  for (let chunk = await from.read(); chunk !== null; chunk = await from.read()) {
    await to.write(chunk);
  }
  await to.closeWrite();
}

/** How a splice ended. */
export type SpliceEnd = "finished" | "broken";

/**
 * Copies bytes between two streams in both directions until both have finished, and closes them; takes
 * both. A FIN on one side goes on as a FIN on the other while the opposite direction continues. If
 * either breaks, both are reset at once.
 *
 * Spec: wire.md 3.5, agent.md 3
 */
export async function splice(a: ByteStream, b: ByteStream): Promise<SpliceEnd> {
  let end: SpliceEnd = "finished";
  const breakBoth = () => {
    end = "broken";
    a.abort();
    b.abort();
  };
  await Promise.all([copy(a, b).catch(breakBoth), copy(b, a).catch(breakBoth)]);
  a.close();
  b.close();
  return end;
}
