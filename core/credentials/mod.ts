/**
 * The credential store: what this user and this machine know about hubs.
 *
 * @example
 * ```ts
 * import { CredentialFile, Credentials } from "./mod.ts";
 *
 * const dir = await Deno.makeTempDir();
 * const store = await CredentialFile.open(`${dir}/credentials.yaml`);
 * store.set("WSS://hub.example/", { token: "secret", identity: "alice" });
 * await store.save();
 *
 * const paths = { user: store.path, system: `${dir}/none.yaml` };
 * const found = (await Credentials.read(paths)).find("wss://hub.example");
 * console.log(found?.identity); // alice
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @module
 */

export {
  Credentials,
  type CredentialsPaths,
  systemCredentialsPath,
  userCredentialsPath,
} from "./lookup.ts";
export { type Credential, CredentialFile, credentialKey } from "./store.ts";
