import { Rig } from "./_rig.ts";

Deno.test("a crossed SYN-ACK repeats the number of the SYN, and its window is not scaled", () => {
  const rig = new Rig({ peerShift: 7 });
  rig.open();
  rig.expect("S 0");
  rig.send("S 0");
  rig.expect("SA 0 1");
  rig.send("SA 1 1");
  rig.expectState("syn-received");
  rig.taken();
  rig.send("SA 0 1 w1500");
  rig.expectState("established");
  rig.write(5000);
  rig.expect("A 1+1000 1");
  rig.silence();
});
