import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";

/** The guide's nginx configuration and its service, with the real nginx and TLS: ports and paths alone are replaced. */
const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const GUIDE = readFileSync(new URL("../../docs/guides/behind-nginx.md", import.meta.url), "utf8");
const NAME = "portal.example.org";
const [SITE, SERVICE] = ["nginx", "ini"].map(
  (language) => new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(GUIDE)![1]!,
);
const nginx = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].find((path) => existsSync(path));
const openssl = spawnSync("openssl", ["version"]).status === 0;
if (!nginx || !openssl) console.warn("skipped: no nginx or no openssl (Debian: apt-get install nginx-light openssl)");
const analyze = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!analyze) console.warn("skipped: no systemd-analyze, so the guide's service is not checked by systemd");

let folder = "";
const children: ChildProcess[] = [];
const at = (...names: string[]) => join(folder, ...names);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium-nginx-"));
  chmodSync(folder, 0o755); // nginx's workers are another user where this one is root
});
afterAll(async () => {
  for (const child of children) {
    child.kill("SIGTERM");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

function replaced(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((now, [from, to]) => {
    expect(now, `the guide has ${from}`).toContain(from);
    return now.replaceAll(from, to);
  }, text);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** `emporium serve` with the words of the service. */
async function served(url: string, ...more: string[]): Promise<{ port: number; log(): string }> {
  const [, line] = /^ExecStart=\S+ (.*)$/m.exec(SERVICE!)!;
  const port = await freePort();
  const words = replaced(line!, [
    ["/data/portal", at("tree")],
    ["8080", String(port)],
    [`https://${NAME}`, url],
    ["/var/lib/emporium/workspace", at("workspace")],
  ]).split(" ");
  const child = spawn(process.execPath, [PROGRAM, ...words, ...more], { cwd: folder });
  children.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  await vi.waitFor(() => expect(said).toMatch(/^Serving at .* \(Ctrl-C stops\)$/m), 60_000);
  return { port, log: () => said };
}

/** nginx with the guide's site. @returns the ports of TLS and of plain HTTP */
async function proxied(name: string, to: number, change = (site: string) => site): Promise<{ tls: number; plain: number }> {
  const [tls, plain] = [await freePort(), await freePort()];
  const live = `/etc/letsencrypt/live/${NAME}`;
  const site = replaced(change(SITE!), [
    ["    listen [::]:80;\n", ""],
    ["    listen [::]:443 ssl http2;\n", ""],
    ["listen 80;", `listen 127.0.0.1:${plain};`],
    ["listen 443 ", `listen 127.0.0.1:${tls} `],
    ["127.0.0.1:8080", `127.0.0.1:${to}`],
    [`${live}/fullchain.pem`, at("fullchain.pem")],
    [`${live}/privkey.pem`, at("privkey.pem")],
  ]);
  const root = at(name);
  mkdirSync(root);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((one) => `${one}_temp_path ${root}/${one};`)
    .join("\n");
  const text = `daemon off;\npid ${root}/pid;\nerror_log ${root}/errors warn;\nevents {}\nhttp {\naccess_log off;\n${temporary}\n${site}}\n`;
  writeFileSync(join(root, "nginx.conf"), text);
  const words = ["-p", root, "-e", join(root, "errors"), "-c", join(root, "nginx.conf")];
  const tested = spawnSync(nginx!, ["-t", ...words], { encoding: "utf8" });
  expect(tested.status, tested.stderr).toBe(0);
  children.push(spawn(nginx!, words, { stdio: "ignore" }));
  await vi.waitFor(() => ask({ tls, path: "/healthz" }), 60_000);
  return { tls, plain };
}

interface Asked {
  tls: number;
  path: string;
  host?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** As a client that believes the certificate of its own authority, and finds the name at this machine. */
function opened({ tls, path, host = NAME, method, headers, body }: Asked): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const ca = readFileSync(at("fullchain.pem"));
    const to = {
      host: "127.0.0.1",
      port: tls,
      servername: NAME,
      ca,
      path,
      method,
      headers: { host, ...headers },
      agent: false,
    } as const;
    request(to, resolve).on("error", reject).end(body);
  });
}

async function ask(asked: Asked) {
  const answer = await opened(asked);
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return {
    status: answer.statusCode!,
    headers: answer.headers,
    bytes: Buffer.concat(pieces),
    text: Buffer.concat(pieces).toString(),
  };
}

describe.runIf(nginx && openssl)("(34.24) emporium behind nginx, as the guide has it", () => {
  const MAP = "10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.mrc";
  let tls: number;
  let plain: number;
  let server: Awaited<ReturnType<typeof served>>;
  let token: string;

  beforeAll(async () => {
    const names = ["-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`];
    const keys = ["-keyout", at("privkey.pem"), "-out", at("fullchain.pem")];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...keys, ...names], {
      stdio: "ignore",
    });
    await generateLab({ out: at("lab"), deposits: ["imod"], runs: 1, shape: [16, 64, 64] });
    const words = ["ingest", "run", at("lab/imod.yaml"), at("lab/input"), at("tree"), "--import-everything", "-q"];
    execFileSync(process.execPath, [PROGRAM, ...words], { cwd: folder, stdio: "ignore" });
    mkdirSync(at("tree/odd"));
    writeFileSync(at("tree/odd/a b%2Fü+.txt"), "odd");
    writeFileSync(at("tree/odd/large.bin"), Buffer.alloc(5_000_000, "0123456789"));
    server = await served(`https://${NAME}`, "--write", "--token-file", at("tokens"));
    token = readFileSync(at("tokens"), "utf8").trim();
    ({ tls, plain } = await proxied("site", server.port));
  }, 120_000);

  it("leads from HTTP to HTTPS, speaks HTTP/2, and serves pages with what they load", async () => {
    const [moved] = (await once(
      requestHttp({ host: "127.0.0.1", port: plain, path: "/runs?q=a", headers: { host: NAME } }).end(),
      "response",
    )) as [IncomingMessage];
    expect([moved.statusCode, moved.headers.location]).toEqual([301, `https://${NAME}/runs?q=a`]);
    moved.resume();
    for (const path of ["/", "/runs", "/browse/tree/10401"]) {
      const { status, text } = await ask({ tls, path, headers: { accept: "text/html" } });
      expect(status, path).toBe(200);
      const [, script] = /src="\.?\/?(assets\/[^"]+\.js)"/.exec(text)!;
      expect((await ask({ tls, path: `/${script}` })).status, script).toBe(200);
    }
    const { status, text } = await ask({ tls, path: "/" });
    expect([status, text]).toEqual([200, expect.stringContaining(`https://${NAME}/api/v1/openapi.json`)]);
    const session = connectHttp2(`https://${NAME}:${tls}`, {
      ca: readFileSync(at("fullchain.pem")),
      lookup: (_name, options, done) =>
        done(null, options.all ? ([{ address: "127.0.0.1", family: 4 }] as never) : "127.0.0.1", 4),
    });
    const [headers] = (await once(session.request({ ":path": "/healthz" }), "response")) as [Record<string, unknown>];
    session.destroy();
    expect(headers[":status"]).toBe(200);
  });

  it("hands over whole files and ranges, by names that need escapes, and the addresses in answers are the public ones", async () => {
    const [map] = readdirSync(at("tree"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".mrc"));
    const wanted = readFileSync(at("tree", map!));
    const whole = await ask({ tls, path: `/files/${map}` });
    expect([whole.status, whole.bytes.equals(wanted)], MAP).toEqual([200, true]);
    const part = await ask({ tls, path: `/files/${map}`, headers: { range: "bytes=1000-1999" } });
    expect([part.status, part.bytes.equals(wanted.subarray(1000, 2000)), part.headers["content-range"]]).toEqual([
      206,
      true,
      `bytes 1000-1999/${wanted.length}`,
    ]);
    const tail = await ask({ tls, path: `/files/${map}`, headers: { range: "bytes=-7" } });
    expect([tail.status, tail.bytes.equals(wanted.subarray(-7))]).toEqual([206, true]);
    expect((await ask({ tls, path: `/files/${map}`, headers: { range: "bytes=99999999999-" } })).status).toBe(416);
    const large = await ask({ tls, path: "/files/odd/large.bin" });
    expect(large.bytes.equals(readFileSync(at("tree/odd/large.bin")))).toBe(true);
    expect((await ask({ tls, path: `/files/odd/${encodeURIComponent("a b%2Fü+.txt")}` })).text).toBe("odd");
    const listed = await ask({ tls, path: "/s3/portal?list-type=2&prefix=10401/&delimiter=/" });
    expect([listed.status, listed.text]).toEqual([200, expect.stringContaining("dataset_metadata.json")]);
    const query = { query: "{ tomograms { httpsMrcFile } }" };
    const told = await ask({
      tls,
      path: "/graphql",
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(query),
    });
    expect(told.text).toContain(`"https://${NAME}/files/10401/`);
  });

  it("takes bodies as large as emporium does, which refuses larger ones itself", async () => {
    const sent = (bytes: number) => {
      const text = `{ runs { name } } #`;
      const body = JSON.stringify({ query: text.padEnd(bytes - 12, "x") });
      expect(body.length).toBe(bytes);
      return ask({ tls, path: "/graphql", method: "POST", headers: { "content-type": "application/json" }, body });
    };
    const most = 8 * 1024 * 1024;
    expect(await sent(2_000_000).then(({ status }) => status)).not.toBe(413);
    expect(await sent(most).then(({ status }) => status)).not.toBe(413);
    expect(await sent(most + 1).then(({ status }) => status)).toBe(413);
  });

  it("streams events as they happen", async () => {
    const answer = await opened({ tls, path: "/api/v1/events?topics=jobs", headers: { authorization: `Bearer ${token}` } });
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "text/event-stream"]);
    let heard = "";
    answer.setEncoding("utf8").on("data", (text: string) => (heard += text));
    await expect.poll(() => heard, { timeout: 20_000 }).toContain("event: jobs");
    const first = heard.length;
    execFileSync(
      process.execPath,
      [PROGRAM, "publish", "tree", at("tree"), at("published"), "--workspace", at("workspace"), "-q"],
      { cwd: folder, stdio: "ignore" },
    );
    await expect.poll(() => heard.slice(first), { timeout: 20_000 }).toContain(`"publish","tree"`);
    answer.destroy();
  });

  it("shows the workspace to nobody without a token, though all requests come from this machine", async () => {
    expect((await ask({ tls, path: "/api/v1/jobs" })).status).toBe(403);
    expect((await ask({ tls, path: "/api/v1/jobs", headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await ask({ tls, path: "/metrics" })).status).toBe(403);
  });

  it("names both hosts where nginx sends another one, and logs it", async () => {
    const { tls: wrong } = await proxied("wrong", server.port, (site) => site.replace("Host $host", "Host lab.example.org"));
    const { status, text } = await ask({ tls: wrong, path: "/" });
    expect([status, text]).toEqual([
      421,
      expect.stringContaining(`host lab.example.org is not served here; this server answers to ${NAME}, `),
    ]);
    expect(server.log()).toContain(`host lab.example.org is not served here; this server answers to ${NAME}, `);
  });

  it("serves in a folder of a site", async () => {
    const { port } = await served(`https://${NAME}/em`);
    const { tls: below } = await proxied("below", port, (site) => replaced(site, [["location / {", "location /em/ {"]]));
    const { status, text } = await ask({ tls: below, path: "/em/runs", headers: { accept: "text/html" } });
    expect([status, text]).toEqual([200, expect.stringContaining('<base href="/em/" />')]);
    expect((await ask({ tls: below, path: "/em/files/10401/dataset_metadata.json" })).status).toBe(200);
    expect((await ask({ tls: below, path: "/em" })).headers.location).toMatch(/\/em\/$/);
    expect((await ask({ tls: below, path: "/em/viewer" })).headers.location).toBe("viewer/");
  });
});

it.runIf(analyze)("(34.24) systemd takes the guide's service as it is", () => {
  const unit = at("emporium.service");
  writeFileSync(unit, replaced(SERVICE!, [["/usr/local/bin/emporium", process.execPath]]));
  const { status, stderr, stdout } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
  expect([status, `${stdout}${stderr}`.split("\n").filter((line) => line.includes("emporium.service"))]).toEqual([0, []]);
});
