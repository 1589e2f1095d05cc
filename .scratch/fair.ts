import { SimNet } from "../tests/simnet/mod.ts";
import { bottleneckLinks, sink, source } from "../tests/simnet/throughput.ts";
for (const [rttMs, loss, gap, seed] of [[10,0,0,1],[10,0,2000,1],[50,0,0,1],[50,0,2000,1],[50,0,2000,2],[50,0.001,2000,1],[50,0.01,2000,1],[150,0,2000,1],[10,0.01,2000,1]] as const) {
  const bl=bottleneckLinks({rttMs, loss, mbps:100, seconds:0}); bl.link.jitterMs=1; bl.back.jitterMs=1; const net = new SimNet({ seed, ...bl, clientTcp: {receiveBufferBytes: 4<<20, sendBufferBytes: 4<<20}, serverTcp:{receiveBufferBytes: 4<<20, sendBufferBytes: 4<<20} });
  const counts = [{received:0},{received:0}];
  const l = net.server.listen({port:80});
  for (const c of counts) { const [a,b] = await net.run(Promise.all([net.client.connect({port:80}), l.accept()]), 5000); source(a); sink(b,c); await net.pass(gap); }
  const marks=[];
  for (let i=0;i<4;i++){ const before=counts.map(c=>c.received); await net.pass(5000); const d=counts.map((c,j)=>c.received-before[j]!); marks.push((d[0]!/(d[0]!+d[1]!)*100).toFixed(0)+"% of "+((d[0]!+d[1]!)*8/5e6).toFixed(0)); }
  console.log(rttMs, loss, gap, seed, marks.join("  "));
  net.close();
}
