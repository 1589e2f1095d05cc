import assert from "node:assert/strict";
import { ListenError } from "./listen_error.ts";

const coded = (code: string) => Object.assign(new Error(`listen ${code}`), { code });

const CASES: [port: number, cause: unknown, code: string, message: string][] = [
  [8080, coded("EADDRINUSE"), "in-use", "Cannot listen on port 8080: the port is in use; stop the"],
  [80, coded("EACCES"), "not-permitted", "Cannot listen on port 80: a port below 1024 needs"],
  [
    8080,
    new Deno.errors.NotCapable("x"),
    "not-permitted",
    "Cannot listen on port 8080: not permitted",
  ],
  [8080, coded("EADDRNOTAVAIL"), "failed", "Cannot listen on port 8080: listen EADDRNOTAVAIL"],
];

for (const [port, cause, code, message] of CASES) {
  Deno.test(`ListenError of ${(cause as Error).message} on ${port} is ${code}`, () => {
    const error = new ListenError(port, cause);
    assert.equal(error.name, "ListenError");
    assert.equal(error.code, code);
    assert.ok(error.message.startsWith(message), error.message);
    assert.equal(error.cause, cause);
  });
}
