/**
 * Records grants in the file named by its argument for as long as it lives, and says so of each one
 * as soon as `record()` has returned; a test kills it.
 *
 * @module
 */

import { systemClock } from "../../core/clock/mod.ts";
import { createLog } from "../../core/log/mod.ts";
import { AuditStore } from "../../hub/audit/mod.ts";

const encoder = new TextEncoder();

const store = new AuditStore({
  path: Deno.args[0]!,
  limits: { maxAgeMs: 0, maxBytes: 0 },
  clock: systemClock,
  log: createLog({
    component: "audit",
    clock: systemClock,
    write: (line) => void Deno.stderr.writeSync(encoder.encode(`${line}\n`)),
  }),
});

for (let count = 1;; count++) {
  store.record({ event: "request", detail: "GET /" });
  store.record({ event: "grant", identity: "owner", machine: `m${count}` });
  Deno.stdout.writeSync(encoder.encode(`granted ${count}\n`));
}
