import { Rig } from "../core/tcp/_rig.ts";
const rig = new Rig({ sack: true });
rig.accept();
rig.taken();
rig.nowMs = 100;
rig.send("A 1 1");
rig.write(40000);
rig.taken();
rig.nowMs = 200;
rig.sendSack("A 1 1", [1001, 2001]);
rig.to(225);
console.log(rig.taken());
rig.send("A 1 2001");
rig.sendSack("A 1 2001", [1, 1001]);
console.log(rig.taken());
rig.nowMs = 230;
rig.sendSack("A 1 2001", [3001, 4001]);
console.log(rig.taken(), rig.connection.nextDeadlineMs());
for (let i = 0; i < 10; i++) {
  rig.to(rig.connection.nextDeadlineMs());
  console.log(rig.nowMs, rig.taken());
}
