import { sleep, systemClock } from "../../core/clock/mod.ts";
import {
  clientTunnel,
  dial,
  echo,
  type Fabric,
  isGone,
  PathLab,
  readExactly,
  Target,
  until,
  writeAll,
} from "../rig/mod.ts";

/** A fault, how it shows, and how it goes away. */
export interface Fault {
  /** For the table. */
  readonly name: string;
  /** Value of `-paths`. */
  readonly paths: string;
  /** Whether UDP is to be in use at first. */
  readonly byUdp?: boolean;
  /** Whether a transfer goes on all the time. */
  readonly busy?: boolean;
  /** File of the tree that runs in place of `tela`. */
  readonly clientScript?: string;
  /** Lets it happen. */
  readonly inject: (lab: PathLab) => void | Promise<unknown>;
  /** Resolves once it shows. Default: the client's tunnel waits. */
  readonly detected?: (lab: PathLab) => Promise<unknown>;
  /** Ends it, and resolves when recovery is possible. Default: it is possible by itself. */
  readonly mend?: (lab: PathLab) => void | Promise<unknown>;
  /** Resolves once all is well. Default: a byte comes back on the connection of the beginning. */
  readonly recovered?: (lab: PathLab) => Promise<unknown>;
}

/** Milliseconds from the fault until it showed, and from when recovery was possible until it came. */
export interface FaultTimes {
  readonly detectMs: number;
  readonly recoverMs: number;
}

/** Longer than anything here may take. */
const DEADLINE_MS = 60_000;

/** Faults come at any moment between two questions. */
const MAX_PHASE_MS = 4_500;

/** Resolves once the client's tunnel waits. */
export async function waiting({ fabric }: PathLab): Promise<void> {
  await until(async () => (await clientTunnel(fabric))?.state !== "up", {
    what: "the client's tunnel to wait",
    deadlineMs: DEADLINE_MS,
  });
}

/** Resolves once the client sends by `path`. */
export async function sendsBy({ fabric }: PathLab, path: string): Promise<void> {
  await until(async () => (await clientTunnel(fabric))?.path === path, {
    what: `the client to send by ${path}`,
    deadlineMs: DEADLINE_MS,
  });
}

/** Has a fault happen `count` times, to one connection. */
export async function measureFault(fault: Fault, count: number): Promise<FaultTimes[]> {
  await using target = new Target(echo);
  const { paths, clientScript } = fault;
  const scripts = clientScript === undefined ? {} : { client: clientScript };
  await using lab = await PathLab.start({ targetPort: target.port, paths, scripts });
  using connection = await dial(lab.fabric.localPort());
  using bulk = await dial(lab.fabric.localPort());
  if (fault.busy) transfer(bulk);
  const times: FaultTimes[] = [];
  for (let i = 0; i < count; i++) {
    await exchange(connection);
    if (fault.byUdp) await lab.moveToUdp();
    await sleep(systemClock, Math.random() * MAX_PHASE_MS);
    times.push(await once(lab, { fault, connection }));
    await settled(lab.fabric);
  }
  return times;
}

async function once(
  lab: PathLab,
  { fault, connection }: { fault: Fault; connection: Deno.TcpConn },
): Promise<FaultTimes> {
  const { inject, detected = waiting, mend, recovered = () => exchange(connection) } = fault;
  const startMs = performance.now();
  const shows = detected(lab).then(() => performance.now() - startMs);
  await inject(lab);
  const detectMs = await shows;
  await mend?.(lab);
  const possibleMs = performance.now();
  await recovered(lab);
  return { detectMs, recoverMs: performance.now() - possibleMs };
}

/** Sends and receives until the connection is closed. */
function transfer(connection: Deno.TcpConn): void {
  const done = (error: unknown) => {
    if (!isGone(error)) throw error;
  };
  const [chunk, buffer] = [new Uint8Array(64 * 1024), new Uint8Array(64 * 1024)];
  const send = async () => {
    for (;;) await writeAll(connection, chunk);
  };
  const receive = async () => {
    while (await connection.read(buffer) !== null);
  };
  send().catch(done);
  receive().catch(done);
}

/** Sends a byte and waits until it is back. */
async function exchange(connection: Deno.TcpConn): Promise<void> {
  await writeAll(connection, new Uint8Array([42]));
  await readExactly(connection, 1);
}

/** Waits until the tunnel is as before, its WebSocket too. */
async function settled(fabric: Fabric): Promise<void> {
  await until(async () => {
    const tunnel = await clientTunnel(fabric);
    return tunnel?.paths.some(({ kind, state }) => kind === "websocket" && state === "up");
  }, { what: "the WebSocket to be back", deadlineMs: DEADLINE_MS });
}
