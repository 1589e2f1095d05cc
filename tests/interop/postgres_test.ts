import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Fabric, programTest, run } from "../rig/mod.ts";
import { Postgres, POSTGRESQL } from "./postgres.ts";

programTest({
  name: "PostgreSQL answers psql and 10 s of pgbench with four clients through the tunnel",
  needs: POSTGRESQL,
  async fn(programs) {
    const directory = await Deno.makeTempDir({ prefix: "tela-postgres-" });
    try {
      await using postgres = await Postgres.start(programs, directory);
      await using fabric = await Fabric.start({ targetPorts: [postgres.port] });
      const env = { ...postgres.clientEnvironment, PGPORT: String(fabric.localPort()) };

      const query = "select count(*), sum(n), md5(string_agg(n::text, ','))" +
        " from generate_series(1, 1000) n";
      const row = await run({ command: programs.psql, args: ["-XAtc", query], env });
      assert.equal(row, `1000|500500|${md5OfSeries(1000)}\n`);

      await run({ command: programs.pgbench, args: ["-i", "-q"], env });
      const report = await run({
        command: programs.pgbench,
        args: ["-c", "4", "-j", "2", "-T", "10"],
        env,
      });
      assert.match(report, /number of failed transactions: 0 /);
      assert.ok(Number(/actually processed: (\d+)/.exec(report)?.[1]) > 0, report);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

function md5OfSeries(last: number): string {
  const text = Array.from({ length: last }, (_, i) => i + 1).join(",");
  return createHash("md5").update(text).digest("hex");
}
