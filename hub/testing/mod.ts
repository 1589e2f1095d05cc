/**
 * Twins in memory of what the hub talks to, a client that writes frames by hand, and a hub as a
 * process of its own, for tests.
 *
 * @module
 */

export { FakeConnection } from "./fake_connection.ts";
export { HubRig, type RigRequest, type RigResponse } from "./hub_rig.ts";
export { HubProcess, type HubProcessOptions } from "./hub_process.ts";
export { linkPipe, PipeEnd } from "./link_pipe.ts";
export { acl, grant, identity } from "./identities.ts";
export { RawClient, type RawFrame, UPGRADE_HEADERS } from "./raw_client.ts";
export { type RigOptions, SwitchboardRig } from "./switchboard_rig.ts";
export { FakeSink, type SentDatagram, UdpRig } from "./udp_rig.ts";
export { inTemporaryFolder } from "./temporary_folder.ts";
