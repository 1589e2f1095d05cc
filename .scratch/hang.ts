import { SimNet } from "../tests/simnet/mod.ts";
const link={"delayMs":0,"jitterMs":0,"loss":0.2,"duplicate":0,"reorder":0,"bitsPerSecond":1000000,"queueBytes":6000};
const tcp={"stackBufferBytes":16384,"timestamps":false,"congestion":"cubic","keepAliveIdleMs":60000,"keepAliveIntervalMs":5000,"sendBufferBytes":1024,"receiveBufferBytes":1048576} as const;
const net=new SimNet({seed:674826602, link, clientTcp:tcp, serverTcp:tcp});
const l=net.server.listen({port:80});
const [c,s]=await net.run(Promise.all([net.client.connect({port:80}), l.accept()]),200000);
net.clock.setTimer(()=>net.server.setMtu(128),158);
(async()=>{ for (const n of [21698,27454,4489]) await s.write(new Uint8Array(n)); await s.closeWrite(); })();
let got=0;
(async()=>{ const b=new Uint8Array(1); for(;;){ const n=await c.read(b); if(n===null) {console.log("eof", net.clock.nowMs()); break;} got+=n; } })();
let lines=0, from = Number(Deno.args[0] ?? 0);
for (const [n,lk] of [["up",net.up],["down",net.down]] as const) { const send=lk.send.bind(lk); lk.send=(p)=>{ const d=lk.dropped; send(p); if(net.clock.nowMs()>=from && lines++<60){ const v=new DataView(p.buffer,p.byteOffset); const h=(v.getUint8(32)>>4)*4; let opts=[]; for(let i=40;i<20+h;i+=4) opts.push(v.getUint32(i).toString(16)); console.log(net.clock.nowMs().toFixed(1), n, "seq",v.getUint32(24),"ack",v.getUint32(28),"len",p.length-20-h,"win",v.getUint16(34), v.getUint8(33).toString(16), opts.join(" "), lk.dropped>d?"LOST":""); } } }
for (let i=0;i<Number(Deno.args[1]??20);i++){ await net.pass(Number(Deno.args[2]??500)); console.log("T",net.clock.nowMs(), got); }
net.close();
