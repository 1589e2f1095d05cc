import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { dial, type Fabric, freePort, Process, run, until } from "../rig/mod.ts";
import { browserTest, openPage } from "./chromium.ts";
import { IdleAgent, withHub } from "./rig.ts";
import { signIn } from "./steps.ts";

/** A certificate for this machine that nobody vouches for. */
async function makeCertificate(openssl: string, dir: string): Promise<void> {
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", `${dir}/key.pem`, "-out", `${dir}/certificate.pem`];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  await run({ command: openssl, args: ["req", "-x509", ...kind, ...names, ...files] });
}

/** As the manuals of nginx have it, on a port and with files of its own. */
function nginxConfig(
  { dir, port, hubPort }: { dir: string; port: number; hubPort: number },
): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${dir}/${name};`).join("\n");
  return `daemon off;
pid ${dir}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${dir}/certificate.pem;
    ssl_certificate_key ${dir}/key.pem;
    location / {
      proxy_pass http://127.0.0.1:${hubPort};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`;
}

function caddyConfig(
  { dir, port, hubPort }: { dir: string; port: number; hubPort: number },
): string {
  return `{
  admin off
  auto_https off
}
https://localhost:${port} {
  bind 127.0.0.1
  tls ${dir}/certificate.pem ${dir}/key.pem
  reverse_proxy 127.0.0.1:${hubPort}
}
`;
}

/** Uses the page by way of a proxy on a port. */
async function useConsole(
  browser: Browser,
  { fabric, port }: { fabric: Fabric; port: number },
): Promise<void> {
  const isUp = () => dial(port).then((connection) => (connection.close(), true), () => false);
  await until(isUp, { what: "the proxy" });
  const { page, complaints } = await openPage(browser, { ignoreHTTPSErrors: true });
  await page.goto(`https://localhost:${port}/`);
  await page.getByRole("button", { name: "Connect to barn" }).click();
  assert.equal(
    await page.textContent(".machine-detail code"),
    `tela connect -hub wss://localhost:${port} -machine barn`,
  );
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie?.name, cookie?.secure, cookie?.httpOnly], ["tela_viewer", true, true]);
  await signIn(page, fabric.token);
  await page.click("#tab-access");
  await page.getByRole("option", { name: "console-viewer" }).click();
  await page.waitForSelector("#identity:not([hidden])");
  assert.deepEqual(complaints.lines, []);
}

browserTest("the console works behind nginx with TLS", async (browser, { nginx, openssl }) => {
  await withHub(async ({ fabric, agents }) => {
    agents.push(await IdleAgent.register(fabric, { machineName: "barn" }));
    const dir = fabric.directory;
    const port = freePort();
    await makeCertificate(openssl, dir);
    const config = `${dir}/nginx.conf`;
    await Deno.writeTextFile(config, nginxConfig({ dir, port, hubPort: fabric.hubPort }));
    await using _ = new Process({ name: "nginx", command: nginx, args: ["-c", config, "-p", dir] });
    await useConsole(browser, { fabric, port });
  });
}, { needs: ["nginx", "openssl"] });

browserTest("the console works behind Caddy with TLS", async (browser, { caddy, openssl }) => {
  await withHub(async ({ fabric, agents }) => {
    agents.push(await IdleAgent.register(fabric, { machineName: "barn" }));
    const dir = fabric.directory;
    const port = freePort();
    await makeCertificate(openssl, dir);
    const config = `${dir}/Caddyfile`;
    await Deno.writeTextFile(config, caddyConfig({ dir, port, hubPort: fabric.hubPort }));
    const args = ["run", "--adapter", "caddyfile", "--config", config];
    await using _ = new Process({ name: "caddy", command: caddy, args, env: { HOME: dir } });
    await useConsole(browser, { fabric, port });
  });
}, { needs: ["caddy", "openssl"] });
