import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../core/cli/mod.ts";
import { distinct, parsePorts, portLabel } from "./ports.ts";

Deno.test("parsePorts() reads P and LOCAL:REMOTE (client 40)", () => {
  const table: [string, [number, number][]][] = [
    ["22", [[22, 22]]],
    ["2222:22,5432", [[2222, 22], [5432, 5432]]],
    [" 1 ,, 65535:1 ,", [[1, 1], [65535, 1]]],
  ];
  for (const [text, pairs] of table) {
    assert.deepEqual(parsePorts(text), pairs.map(([local, remote]) => ({ local, remote })), text);
  }
});

Deno.test("parsePorts() refuses whatever is not exactly a port", () => {
  const wrong = ["", " ", ",", "22x", "22:SSH", "SSH:22", "0", "65536", "100000", "22:0", "-22"];
  for (const text of [...wrong, "1:2:3", ":22", "22:", "2.0", "0x16", "1 2", "٢٢", "22,x"]) {
    assert.throws(() => parsePorts(text), UsageError, JSON.stringify(text));
  }
});

Deno.test("distinct() keeps the first of equal mappings", () => {
  assert.deepEqual(distinct([...parsePorts("1,2:1,1"), ...parsePorts("2:1")]), [
    { local: 1, remote: 1 },
    { local: 2, remote: 1 },
  ]);
});

Deno.test("portLabel() names common ports", () => {
  assert.deepEqual([22, 8080, 8443, 5432].map(portLabel), ["SSH", "HTTP", "HTTPS", "port 5432"]);
});

Deno.test("parsePorts() reads back what is written, and refuses what any change breaks", () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  const mappings = fc.array(
    fc.record({ local: port, remote: port }, { noNullPrototype: true }),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(mappings, fc.nat(), fc.constantFrom("x", "-", ":", ".", "\0"), (list, at, junk) => {
      const text = list.map(({ local, remote }) => `${local}:${remote}`).join(",");
      assert.deepEqual(parsePorts(text), list);
      const cut = at % (text.length + 1);
      assert.throws(() => parsePorts(text.slice(0, cut) + junk + text.slice(cut)), UsageError);
    }),
    { seed: 20_261_121, numRuns: 500 },
  );
});
