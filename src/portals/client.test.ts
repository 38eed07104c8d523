import diagnostics from "node:diagnostics_channel";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { publicLookup } from "../net/gate.js";
import { type PortalClientOptions, portalClient } from "./client.js";
import type { PortalNet } from "./portal.js";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server on this machine that stands for `portal.test`, and a client to it. */
async function serve(
  handler: Handler,
  options: PortalClientOptions = {},
): Promise<{ net: PortalNet; clock: ReturnType<typeof manualClock>; url: string }> {
  const server: Server = createServer(handler);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = manualClock();
  const bases = new Map([
    ["portal.test", url],
    ["files.test", `${url}/files`],
  ]);
  const client = portalClient({ clock, bases, random: () => 1, ...options });
  closing.push(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { net: client.open({ name: "direct", hosts: ["portal.test", "files.test"] }), clock, url };
}

const ROOT = "https://portal.test";

describe("the client", () => {
  it("asks a mirror under the portal's own address, with the path behind the base", async () => {
    const { net } = await serve((request, response) => response.end(request.url));
    expect(await net.getText(`${ROOT}/a/b?c=1#d`)).toBe("/a/b?c=1");
    expect(await net.getText("https://files.test/x")).toBe("/files/x");
    expect(net.requests).toMatchObject([{ url: `${ROOT}/a/b?c=1#d`, status: 200 }, { url: "https://files.test/x" }]);
  });

  it("records the sum and time of each reply", async () => {
    const { net, clock } = await serve((_, response) => response.end("abc"));
    clock.advance(1000);
    await net.getText(`${ROOT}/`);
    expect(net.requests[0]).toEqual({
      url: `${ROOT}/`,
      status: 200,
      sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", // FIPS 180-2, appendix B.1
      retrieved_at: "1970-01-01T00:00:01.000Z",
    });
  });

  it("answers undefined, or NOT_FOUND, for what is not there", async () => {
    const { net } = await serve((request, response) => response.writeHead(request.url === "/gone" ? 410 : 404).end());
    expect(await net.findText(`${ROOT}/x`)).toBeUndefined();
    expect(await net.findJson(`${ROOT}/gone`)).toBeUndefined();
    await expect(net.getJson(`${ROOT}/x`)).rejects.toMatchObject({ code: "NOT_FOUND", facts: { place: { url: `${ROOT}/x` } } });
  });

  it("tries again what may pass, as long as a server asks, five times in all", async () => {
    let count = 0;
    const { net, clock } = await serve((_, response) => {
      count++;
      if (count === 1) response.writeHead(429, { "retry-after": "7" }).end();
      else if (count < 4) response.writeHead(503).end();
      else response.end("there");
    });
    expect(await net.getText(`${ROOT}/`)).toBe("there");
    expect(clock.sleeps.filter((ms) => ms >= 500)).toEqual([7000, 1000, 2000]);
    expect(net.requests).toHaveLength(1);
  });

  it("NETWORK when every try fails", async () => {
    let count = 0;
    const { net } = await serve((_, response) => {
      count++;
      response.writeHead(500).end("no");
    });
    await expect(net.getText(`${ROOT}/`)).rejects.toMatchObject({
      code: "NETWORK",
      message: expect.stringContaining("tried 5 times"),
    });
    expect(count).toBe(5);
    expect(net.requests).toMatchObject([{ status: 500 }]);
  });

  it("NETWORK when nobody listens, without waiting for the real clock", async () => {
    const { net, url } = await serve((_, response) => response.end());
    await closing.pop()!();
    await expect(net.getText(`${ROOT}/`)).rejects.toMatchObject({ code: "NETWORK" });
    expect(url).toContain("127.0.0.1");
  });

  it("does not wait an hour because a server says so", async () => {
    const { net, clock } = await serve((_, response) => response.writeHead(503, { "retry-after": "3600" }).end());
    await expect(net.getText(`${ROOT}/`)).rejects.toMatchObject({ code: "NETWORK" });
    expect(clock.sleeps).toEqual([]);
  });

  it("does not try again what is refused", async () => {
    let count = 0;
    const { net } = await serve((_, response) => {
      count++;
      response.writeHead(403).end();
    });
    await expect(net.getText(`${ROOT}/`)).rejects.toMatchObject({ code: "STORE_DENIED" });
    expect(count).toBe(1);
  });

  it("keeps cookies for their host", async () => {
    const { net } = await serve((request, response) => {
      response.setHeader("set-cookie", ["a=1; Path=/; HttpOnly", "b=2", "bad cookie", "a=3; Secure"]);
      response.end(request.headers.cookie ?? "none");
    });
    expect(await net.getText(`${ROOT}/`)).toBe("none");
    expect(await net.getText(`${ROOT}/`)).toBe("a=3; b=2");
    expect(await net.getText("https://files.test/")).toBe("none");
  });

  it("follows five redirections within the portal, and none out of it", async () => {
    const { net } = await serve((request, response) => {
      const to: Record<string, string> = {
        "/1": "/2",
        "/2": `${ROOT}/3`,
        "/out": "https://evil.test/",
        "/file": "file:///etc/passwd",
        "/down": "http://portal.test/3",
      };
      const next = request.url === "/loop" ? "/loop" : to[request.url!];
      if (next) response.writeHead(302, { location: next }).end();
      else response.end(`at ${request.url}`);
    });
    expect(await net.getText(`${ROOT}/1`)).toBe("at /3");
    expect(net.requests.map(({ url, status }) => [url, status])).toEqual([
      [`${ROOT}/1`, 302],
      [`${ROOT}/2`, 302],
      [`${ROOT}/3`, 200],
    ]);
    await expect(net.getText(`${ROOT}/out`)).rejects.toMatchObject({ code: "ADDRESS_REFUSED" });
    await expect(net.getText(`${ROOT}/file`)).rejects.toMatchObject({ code: "ADDRESS_REFUSED" });
    await expect(net.getText(`${ROOT}/down`)).rejects.toMatchObject({ code: "ADDRESS_REFUSED" });
    await expect(net.getText(`${ROOT}/loop`)).rejects.toMatchObject({ code: "PORTAL_REPLY" });
  });

  it("gives a redirection as an answer to HEAD, its address in UTF-8", async () => {
    const { net } = await serve((_, response) =>
      response.writeHead(301, { location: Buffer.from("https://x.test/#!{'µm':1}").toString("latin1") }).end(),
    );
    const reply = await net.head(`${ROOT}/short`);
    expect([reply.status, reply.header("location")]).toEqual([301, "https://x.test/#!{'µm':1}"]);
  });

  it("asks with GET where HEAD is refused, for one byte", async () => {
    const { net } = await serve((request, response) => {
      if (request.method === "HEAD") response.writeHead(405).end();
      else response.writeHead(206, { "content-range": "bytes 0-0/99" }).end("x".repeat(request.headers.range ? 1 : 99));
    });
    const reply = await net.head(`${ROOT}/file.tif`);
    expect([reply.status, reply.header("content-range")]).toEqual([206, "bytes 0-0/99"]);
  });

  it.each([
    ["announced", (response: ServerResponse) => response.writeHead(200, { "content-length": "5000" }).end("x".repeat(5000))],
    ["not announced", (response: ServerResponse) => response.end("x".repeat(5000))],
  ])("refuses a reply that is too long, %s", async (_, answer) => {
    const { net } = await serve((_request, response) => void answer(response));
    await expect(net.getText(`${ROOT}/`, { bytesMax: 1000 })).rejects.toMatchObject({ code: "FORMAT_LIMIT" });
  });

  it("undoes a compression that it did not ask for, up to the same limit", async () => {
    const { net } = await serve((request, response) => {
      response.setHeader("content-encoding", request.url === "/odd" ? "zstd" : "gzip");
      response.end(
        request.url === "/torn"
          ? gzipSync("hello").subarray(0, 12)
          : gzipSync(request.url === "/bomb" ? Buffer.alloc(1e6) : "hello"),
      );
    });
    expect(await net.getText(`${ROOT}/`)).toBe("hello");
    await expect(net.getText(`${ROOT}/bomb`, { bytesMax: 10_000 })).rejects.toMatchObject({ code: "PORTAL_REPLY" });
    await expect(net.getText(`${ROOT}/torn`)).rejects.toMatchObject({ code: "PORTAL_REPLY" });
    await expect(net.getText(`${ROOT}/odd`)).rejects.toMatchObject({ code: "PORTAL_REPLY" });
  });

  it("reads texts by what their header says, and those that lie", async () => {
    const { net } = await serve((request, response) => {
      if (request.url === "/latin") response.setHeader("content-type", "text/html; charset=ISO-8859-1");
      response.end(Buffer.from(request.url === "/utf" ? "µm" : "µm", request.url === "/utf" ? "utf8" : "latin1"));
    });
    for (const path of ["utf", "latin", "lie"]) expect(await net.getText(`${ROOT}/${path}`)).toBe("µm");
  });

  it.each(["<!doctype html><html></html>", "{", "", '{"a":NaN}'])("PORTAL_REPLY for %j in the place of JSON", async (body) => {
    const { net } = await serve((_, response) => response.end(body));
    await expect(net.getJson(`${ROOT}/`)).rejects.toMatchObject({ code: "PORTAL_REPLY" });
  });

  it("stops at once when it is cancelled", async () => {
    const controller = new AbortController();
    const { net } = await serve(
      (_, response) => {
        controller.abort();
        setTimeout(() => response.end("late"), 50);
      },
      { signal: controller.signal },
    );
    await expect(net.getText(`${ROOT}/`)).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(net.getText(`${ROOT}/`)).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("trusts the origin that a person typed, and no other", async () => {
    const { url } = await serve((_, response) => response.end("mine"));
    const client = portalClient({ clock: manualClock() });
    closing.push(() => client.close());
    expect(await client.open({ name: "direct", hosts: [] }, [`${url}/x`]).getText(`${url}/y`)).toBe("mine");
    await expect(client.open({ name: "direct", hosts: [] }).getText(`${url}/y`)).rejects.toMatchObject({
      code: "ADDRESS_REFUSED",
    });
  });
});

/** Spellings of places inside: all must be refused before a connection, whoever lists the host. */
const INSIDE = [
  "http://127.0.0.1/",
  "http://2130706433/",
  "http://0x7f.1/",
  "http://0177.0.0.1/",
  "http://0x7f000001/",
  "http://017700000001/",
  "http://127.1/",
  "http://127.0.1/",
  "http://127.0.0.1./",
  "http://①②⑦.0.0.1/",
  "http://[::1]/",
  "http://[::]/",
  "http://[::ffff:7f00:1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[0:0:0:0:0:ffff:127.0.0.1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[2002:7f00:1::]/",
  "http://[fd00:ec2::254]/latest",
  "http://[fe80::1]/",
  "http://[ff02::1]/",
  "http://0.0.0.0/",
  "http://0/",
  "http://10.1.2.3/",
  "http://172.16.0.9/",
  "http://192.168.0.1/",
  "http://169.254.169.254/latest/meta-data/",
  "http://2852039166/",
  "http://100.64.1.1/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://localhost/",
  "http://localhost./",
  "http://loop.test/",
  "http://private.test/",
  "http://metadata.test/",
  "http://mapped.test/",
  "http://both.test/",
  "http://nothing.test/",
  "http://user@public.test/",
  "http://public.test:22/",
  "http://public.test:8080/",
  "ftp://public.test/x",
  "file:///etc/passwd",
  "gopher://public.test/",
  "http://",
];
const NAMES: Record<string, string[]> = {
  localhost: ["127.0.0.1", "::1"],
  "localhost.": ["127.0.0.1"],
  "loop.test": ["127.0.0.1"],
  "private.test": ["10.0.0.7"],
  "metadata.test": ["169.254.169.254"],
  "mapped.test": ["::ffff:10.0.0.7"],
  "both.test": ["8.8.8.8", "127.0.0.1"],
  "nothing.test": [],
  "public.test": ["8.8.8.8"],
};

describe("addresses that came out of a reply", () => {
  it("refuses every spelling of a place inside, and connects to none", async () => {
    expect(INSIDE.length).toBeGreaterThanOrEqual(40);
    let connected = 0;
    const count = () => connected++;
    diagnostics.subscribe("undici:client:connected", count);
    const client = portalClient({ clock: manualClock(), resolve: async (host) => NAMES[host] ?? [] });
    const net = client.open({ name: "direct", hosts: ["*"] });
    try {
      for (const address of INSIDE) {
        await expect(net.getText(address), address).rejects.toMatchObject({ code: "ADDRESS_REFUSED" });
        await expect(net.head(address), address).rejects.toMatchObject({ code: "ADDRESS_REFUSED" });
      }
    } finally {
      diagnostics.unsubscribe("undici:client:connected", count);
      await client.close();
    }
    expect(connected).toBe(0);
  });

  it("connects to the address that was checked: a name that changes its mind is asked once a connection", async () => {
    const answers = [["8.8.8.8"], ["127.0.0.1"]];
    const lookup = publicLookup(async () => answers.shift()!);
    const ask = () =>
      new Promise<unknown>((done) => lookup("rebind.test", { all: true }, (error, found) => done(error ?? found)));
    expect(await ask()).toEqual([{ address: "8.8.8.8", family: 4 }]);
    expect(await ask()).toMatchObject({ code: "ADDRESS_REFUSED" });
  });

  it("refuses hosts that the portal does not list", async () => {
    const client = portalClient({ clock: manualClock(), resolve: async () => ["8.8.8.8"] });
    closing.push(() => client.close());
    const net = client.open({ name: "direct", hosts: ["a.test", "*.b.test"] });
    for (const host of ["c.test", "xa.test", "a.test.evil.test", "b.test", "evilb.test"]) {
      await expect(net.getText(`https://${host}/`), host).rejects.toMatchObject({ code: "ADDRESS_REFUSED" });
    }
  });
});

describe("pace", () => {
  it("begins no more than four requests a second at a mirror, in any window", async () => {
    const starts: number[] = [];
    const clock = manualClock();
    const { net } = await serve(
      (_, response) => {
        starts.push(clock.monotonic());
        response.end();
      },
      { clock },
    );
    for (let n = 0; n < 20; n++) await net.getText(`${ROOT}/${n}`);
    for (const [at, start] of starts.entries()) {
      expect(starts.slice(at).filter((other) => other < start + 1000).length).toBeLessThanOrEqual(4);
    }
    expect(clock.monotonic()).toBe(4 * 1000);
  });
});
