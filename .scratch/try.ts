import { utilisation } from "../tests/simnet/throughput.ts";
const only = Deno.args[0];
for (const rttMs of [1, 10, 50, 150]) {
  for (const loss of [0, 0.001, 0.01, 0.03]) {
    if (only && only !== `${rttMs}/${loss}`) continue;
    const t = performance.now();
    const u = await utilisation({
      rttMs,
      loss,
      mbps: 100,
      seconds: 10,
      tcp: { receiveBufferBytes: 4 << 20, sendBufferBytes: 4 << 20 },
    });
    console.log(rttMs, loss, u.toFixed(1), (performance.now() - t).toFixed(0) + " ms real");
  }
}
