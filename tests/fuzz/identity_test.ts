/**
 * What a client reads of an agent that says who it is: from valid hellos as the other parsers.
 */
import assert from "node:assert/strict";
import { encodeControl, parseControl } from "../../core/control/mod.ts";
import { agentHello, AgentIdentity, verifyHello } from "../../core/identity/mod.ts";
import { type Entry, fuzz } from "./entry.ts";

function hello(): Entry {
  const identity = new AgentIdentity(new Uint8Array(32).fill(7));
  const session = {
    machine: "barn",
    agentKey: new Uint8Array(32).fill(1),
    clientKey: new Uint8Array(32).fill(2),
  };
  const texts = [[], ["resume"], ["paths", "resume"]].map((features) =>
    encodeControl(agentHello(identity, { ...session, features }))
  );
  const signed = new Set(["", "resume", "paths,resume"]);
  const decoder = new TextDecoder();
  let accepted = 0;
  return {
    name: "verifyHello()",
    weight: 1,
    seeds: texts.map((text) => new TextEncoder().encode(text)),
    read: (bytes) => {
      const message = parseControl(decoder.decode(bytes));
      if (message.type !== "peer-hello") return;
      const proven = verifyHello(message, session);
      if (proven === undefined) return;
      accepted++;
      // Whatever was changed, it is not what was signed.
      assert.equal(proven.fingerprint, identity.fingerprint);
      assert.equal(message.version, 1);
      assert.ok(signed.has((message.features ?? []).toSorted().join()), String(message.features));
    },
    finish: () => assert.ok(accepted > 0, "nothing valid was accepted"),
  };
}

fuzz(hello());
