import { systemClock, systemRandom } from "../core/clock/mod.ts";
import { systemHost } from "../core/config/mod.ts";
import { dialHub } from "../core/path/mod.ts";
import { dialTcp } from "../core/stream/mod.ts";
import { generatePrivateKey, publicKey } from "../core/wireguard/mod.ts";
import type { ProgramSurroundings } from "./program.ts";
import type { KeyPair, Surroundings } from "./surroundings.ts";

/** Windows sends the second when its console is closed or the service stops. */
const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

function newKeys(): KeyPair {
  const privateKey = generatePrivateKey(systemRandom);
  return { privateKey, publicKey: publicKey(privateKey) };
}

function onStop(stop: () => void): Disposable {
  let stopping = false;
  const onSignal = () => {
    if (stopping) Deno.exit(1);
    stopping = true;
    stop();
  };
  for (const signal of STOP_SIGNALS) Deno.addSignalListener(signal, onSignal);
  return {
    [Symbol.dispose]() {
      for (const signal of STOP_SIGNALS) Deno.removeSignalListener(signal, onSignal);
    },
  };
}

function onCrash(report: (error: unknown) => void): Disposable {
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    report(event.error);
  };
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    report(event.reason);
  };
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("error", onError);
      globalThis.removeEventListener("unhandledrejection", onRejection);
    },
  };
}

/** This process and its machine. The tunnel is left to the caller. */
export function systemProcess(openTunnel: Surroundings["openTunnel"]): ProgramSurroundings {
  return {
    host: systemHost,
    pid: Deno.pid,
    hostname: () => Deno.hostname(),
    open: (log, verbose) => ({
      clock: systemClock,
      random: systemRandom,
      log,
      verbose,
      dialHub: (options) => dialHub({ ...options, clock: systemClock, random: systemRandom }),
      dialTarget: dialTcp,
      newKeys,
      openTunnel,
    }),
    onStop,
    onCrash,
  };
}
