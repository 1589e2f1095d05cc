import assert from "node:assert/strict";
import { codeRows, pairingRequest, purposeOf, redeemCommand } from "./pairing.js";

const FORM = { type: "connect", machines: "*", role: "user", expiresIn: "600" };

Deno.test("pairingRequest() sends machines of a person, or the one of an agent", () => {
  assert.deepEqual(pairingRequest(FORM), {
    body: { type: "connect", expiresIn: 600, machines: ["*"], role: "user" },
    scope: "User who connects to every machine",
  });
  assert.deepEqual(pairingRequest({ ...FORM, machines: "barn, store", role: "admin" }), {
    body: { type: "connect", expiresIn: 600, machines: ["barn", "store"], role: "admin" },
    scope: "Admin who connects to barn, store",
  });
  assert.deepEqual(
    pairingRequest({ ...FORM, type: "register", machines: "barn", expiresIn: "3600" }),
    {
      body: { type: "register", expiresIn: 3600, machineId: "barn" },
      scope: "Registers barn",
    },
  );
});

Deno.test("pairingRequest() says what is wrong with the machines", () => {
  const refused = [
    { ...FORM, machines: " , " },
    ...["", "*", "barn, store"].map((machines) => ({ ...FORM, type: "register", machines })),
  ];
  for (const form of refused) assert.ok("problem" in pairingRequest(form), JSON.stringify(form));
});

Deno.test("redeemCommand() is for the program that redeems the code", () => {
  const hub = "wss://hub.example";
  assert.equal(
    redeemCommand({ type: "connect", code: "7RDS-JT18" }, { hub }),
    "tela pair -hub wss://hub.example -code 7RDS-JT18",
  );
  assert.match(redeemCommand({ type: "register", code: "7RDS-JT18" }, { hub }), /^telad pair /);
});

Deno.test("codeRows() says what a code is for, who made it and when it ends", () => {
  const expiresAt = "2026-08-01T09:10:00Z";
  const code = { id: "3f9a07c15e20", type: "connect", machines: ["*"], role: "viewer", expiresAt };
  const [row] = codeRows([{ ...code, createdBy: "ann" }]);
  assert.equal(row?.purpose, "Viewer who connects to every machine");
  assert.deepEqual([row?.id, row?.createdBy, row?.expires.iso], [code.id, "ann", expiresAt]);
  assert.equal(codeRows([code])[0]?.createdBy, "Nobody any more");
  assert.equal(purposeOf({ ...code, type: "register", machines: ["barn"] }), "Registers barn");
});
