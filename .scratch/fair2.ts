import { SimNet } from "../tests/simnet/mod.ts";
import { bottleneckLinks, sink, source } from "../tests/simnet/throughput.ts";
import { Cubic } from "../core/tcp/cubic.ts";
import { LossBudget } from "../core/tcp/loss_budget.ts";
const [rttMs, loss, gap] = Deno.args.map(Number) as [number,number,number];
const ids = new Map<any,number>(); const id=(o:any)=>{ if(!ids.has(o)) ids.set(o,ids.size); return ids.get(o)};
const P=Cubic.prototype as any; let net: SimNet;
let why="";
const ot=(LossBudget.prototype as any).tolerates; (LossBudget.prototype as any).tolerates=function(l:number,o:any){const r=ot.call(this,l,o); why=`${r?"TOL":"no"} min ${o.minMs.toFixed(1)} rec ${o.recentMs.toFixed(1)}`; return r};
const oc=P.congested; P.congested=function(l:number){const r=oc.call(this,l); console.log((net.clock.nowMs()/1000).toFixed(2),"flow",id(this),why,"lost",(l/1060).toFixed(0),"cwnd",(this.cwndBytes/1060).toFixed(0)); return r;};
for (const m of ["timedOut","undo"]) { const f=P[m]; P[m]=function(...a:any[]){ const b=this.cwndBytes; f.apply(this,a); console.log((net.clock.nowMs()/1000).toFixed(2),"flow",id(this),m,(b/1060).toFixed(0),"->",(this.cwndBytes/1060).toFixed(0)); } }
  net = new SimNet({ seed:1, ...bottleneckLinks({rttMs, loss, mbps:100, seconds:0}), clientTcp: {receiveBufferBytes: 4<<20, sendBufferBytes: 4<<20}, serverTcp:{receiveBufferBytes: 4<<20, sendBufferBytes: 4<<20} });
  const counts = [{received:0},{received:0}];
  const l = net.server.listen({port:80});
  for (const c of counts) { const [a,b] = await net.run(Promise.all([net.client.connect({port:80}), l.accept()]), 5000); source(a); sink(b,c); await net.pass(gap); }
  for (let i=0;i<20;i++){ const before=counts.map(c=>c.received); await net.pass(1000); const d=counts.map((c,j)=>c.received-before[j]!); console.log("     ",(net.clock.nowMs()/1000).toFixed(1), (d[0]!/(d[0]!+d[1]!)*100).toFixed(0)+"%"); }
  net.close();
