import { Cubic } from "../core/tcp/cubic.ts";
import { LossRecovery } from "../core/tcp/recovery.ts";
import { utilisation } from "../tests/simnet/throughput.ts";
const [rtt, loss] = Deno.args.map(Number);
const log = (...a: unknown[]) => n++ < 60 && console.log(...a);
let n = 0;
const P = Cubic.prototype as any;
let now = 0;
const orig: any = {};
for (const m of ["lossDetected", "timedOut", "undo", "idle"]) {
  orig[m] = P[m];
  P[m] = function (...a: any[]) {
    const b = this.cwndBytes;
    orig[m].apply(this, a);
    log(
      now.toFixed(0),
      m,
      (b / 1060).toFixed(1),
      "->",
      (this.cwndBytes / 1060).toFixed(1),
      "flight",
      (a[0] / 1060 || 0).toFixed(1),
    );
  };
}
const oc = P.congested;
P.congested = function (l: number) {
  const r = oc.call(this, l);
  if (r) log(now.toFixed(0), "congested", (l / 1060).toFixed(1));
  return r;
};
const oa = P.acked;
P.acked = function (b: number, t: number, s: number) {
  now = t;
  return oa.call(this, b, t, s);
};
const or = P.roundStarted;
P.roundStarted = function () {
  or.call(this);
  log(
    now.toFixed(0),
    "round cwnd",
    (this.cwndBytes / 1060).toFixed(1),
    "ss",
    (this.ssthreshBytes / 1060).toFixed(1),
  );
};
import { LossBudget } from "../core/tcp/loss_budget.ts";
const LB = LossBudget.prototype as any;
const ot = LB.tolerates;
LB.tolerates = function (l: number, o: any) {
  const r = ot.call(this, l, o);
  if (!r) log("   min", o.minMs.toFixed(1), "recent", o.recentMs.toFixed(1), r);
  return r;
};
console.log(
  await utilisation({
    rttMs: rtt!,
    loss: loss!,
    mbps: 100,
    seconds: 10,
    tcp: { receiveBufferBytes: 4 << 20, sendBufferBytes: 4 << 20 },
  }),
);
