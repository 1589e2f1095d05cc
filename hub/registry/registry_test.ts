import assert from "node:assert/strict";
import type { Register } from "../../core/control/mod.ts";
import { Registry } from "./registry.ts";

function newRegistry(maxMachines?: number): Registry {
  let made = 0;
  return new Registry({ newId: () => `made-${++made}`, ...(maxMachines && { maxMachines }) });
}

function message(agentId: string, machineName: string, rest: Partial<Register> = {}): Register {
  return { type: "register", agentId, machineName, ...rest };
}

const context = (wallMs = 1, mayRegister = (_: string) => true) => ({ wallMs, mayRegister });

Deno.test("Registry.register() replaces ports and services, and keeps what is not repeated", () => {
  const registry = newRegistry();
  const first = registry.register(
    message("a", "barn", {
      machineRegistrationId: "r",
      protocolVersion: 2,
      ports: [22],
      token: "t",
      displayName: "Barn",
      tags: ["x"],
      capabilities: { management: true },
    }),
    context(1000),
  )!;
  const second = registry.register(message("a", "barn", { displayName: "" }), context(2000))!;
  const { machine } = second;
  assert.equal(machine, first.machine);
  assert.deepEqual([machine.ports, machine.services], [[], []]);
  assert.equal(machine.text("displayName"), "Barn");
  assert.equal(machine.text("owner"), null);
  assert.deepEqual([machine.tags, machine.capabilities], [["x"], { management: true }]);
  assert.equal(machine.protocolVersion, 2);
  assert.equal(machine.admits("anything"), true, "the token is cleared too");
  assert.deepEqual([machine.registeredAtMs, machine.lastSeenMs], [1000, 2000]);
  assert.equal(machine.registrationId, "r");
  registry.register(message("a", "barn", { tags: [] }), context());
  assert.deepEqual(machine.tags, []);
});

Deno.test("Registry.register() without protocolVersion is version 1 (wire 8)", () => {
  const registry = newRegistry();
  assert.equal(registry.register(message("a", "m"), context())!.machine.protocolVersion, 1);
  const zero = registry.register(message("a", "n", { protocolVersion: 0 }), context())!;
  assert.equal(zero.machine.protocolVersion, 1);
});

Deno.test("Registry.register() takes nobody else's entry whose id and name read the same together", () => {
  const registry = newRegistry();
  const { machine } = registry.register(message("a", "b:c"), context())!;
  const other = registry.register(message("a:b", "c"), context(1, (name) => name === "c"))!;
  assert.notEqual(other.machine, machine);
  assert.deepEqual([machine.name, other.machine.name], ["b:c", "c"]);
  assert.equal(registry.byName("b:c"), machine);
});

Deno.test("Registry.register() moves a registration id to its new name (wire 10)", () => {
  const registry = newRegistry();
  const id = { machineRegistrationId: "r" };
  const { machine } = registry.register(message("a", "old", id), context())!;
  registry.register(message("a", "new", id), context());
  assert.deepEqual(registry.all(), [machine]);
  assert.equal(machine.name, "new");
  assert.equal(registry.byName("old"), undefined);
  assert.equal(registry.byName("new"), machine);
  registry.register(message("b", "new", id), context());
  assert.deepEqual(registry.all(), [machine]);
  assert.equal(machine.agentId, "b");
});

Deno.test("Registry.register() moves an entry over the one in its way and says so", () => {
  const registry = newRegistry();
  const id = { machineRegistrationId: "r" };
  const { machine } = registry.register(message("a", "old", id), context())!;
  const other = registry.register(message("a", "new"), context())!.machine;
  const { evicted } = registry.register(message("a", "new", id), context())!;
  assert.equal(evicted, other);
  assert.deepEqual(registry.all(), [machine]);
});

Deno.test("Registry.register() moves nothing for somebody who may not register the old name", () => {
  const registry = newRegistry();
  const id = { machineRegistrationId: "r" };
  const { machine } = registry.register(message("a", "old", id), context())!;
  const mayRegister = (name: string) => name !== "old";
  const thief = registry.register(message("b", "new", id), context(1, mayRegister))!.machine;
  assert.notEqual(thief, machine);
  assert.equal(thief.registrationId, "made-1");
  assert.equal(registry.byName("old"), machine);
});

Deno.test("Registry.byName() finds the latest registrant of a name that two agents use", () => {
  const registry = newRegistry();
  const a = registry.register(message("a", "barn"), context())!.machine;
  const b = registry.register(message("b", "barn"), context())!.machine;
  assert.equal(registry.all().length, 2);
  assert.equal(registry.byName("barn"), b);
  registry.register(message("a", "barn"), context());
  assert.equal(registry.byName("barn"), a);
});

Deno.test("Registry forgets the machine that is offline longest when it is full", () => {
  const registry = newRegistry(2);
  const a =
    registry.register(message("a", "a", { machineRegistrationId: "ra" }), context(1))!.machine;
  const b = registry.register(message("b", "b"), context(2))!.machine;
  b.isOnline = true;
  const c = registry.register(
    message("c", "c", { machineRegistrationId: "ra" }),
    context(3, () => false),
  )!;
  assert.equal(c.evicted, a);
  assert.equal(registry.byName("a"), undefined);
  c.machine.isOnline = true;
  assert.equal(registry.register(message("d", "d"), context(4)), undefined);
  assert.equal(registry.all().length, 2);
  assert.ok(registry.register(message("b", "b"), context(5)), "known machines still register");
});

Deno.test("Machine.admits() wants the token that the agent registered with", () => {
  const { machine } = newRegistry().register(message("a", "m", { token: "x" }), context())!;
  assert.deepEqual(["x", "y", "", undefined].map((token) => machine.admits(token)), [
    true,
    false,
    false,
    false,
  ]);
});
