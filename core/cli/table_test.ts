import assert from "node:assert/strict";
import { formatJson, formatTable } from "./table.ts";

Deno.test("formatTable() prints what the reference prints", () => {
  const rows = [
    ["barn", "online", "bench:5300, gateway:8088", "1 active"],
    ["dev-vm", "offline", "-", "-"],
  ];
  assert.equal(
    formatTable({ headings: ["MACHINE", "STATUS", "SERVICES", "SESSION"], rows }),
    "MACHINE  STATUS   SERVICES                  SESSION\n" +
      "barn     online   bench:5300, gateway:8088  1 active\n" +
      "dev-vm   offline  -                         -\n",
  );
});

Deno.test("formatTable() aligns counts right, and leaves no trailing blanks", () => {
  const table = {
    headings: ["NAME", "BYTES", "NOTE"],
    rows: [["a", "5", ""], ["b", "12345", "x"]],
  };
  assert.equal(
    formatTable({ ...table, right: ["BYTES"] }),
    "NAME  BYTES  NOTE\na         5\nb     12345  x\n",
  );
});

Deno.test("formatTable() lets no cell break a line or drive a terminal, and counts code points", () => {
  const rows = [["a\nb\x1b[2J", "1"], ["𝒳", "2"]];
  assert.equal(
    formatTable({ headings: ["N", "V"], rows }),
    "N        V\na b [2J  1\n𝒳        2\n",
  );
});

Deno.test("formatJson() indents by two and ends the line", () => {
  assert.equal(formatJson({ a: [null] }), '{\n  "a": [\n    null\n  ]\n}\n');
});

Deno.test("formatJson() lets no control character through, and still says the same", () => {
  const value = { name: "a\x1b\x7f\x9b2J" };
  const text = formatJson(value);
  assert.equal(text, '{\n  "name": "a\\u001b\\u007f\\u009b2J"\n}\n');
  assert.deepEqual(JSON.parse(text), value);
});
