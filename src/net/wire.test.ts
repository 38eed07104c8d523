import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { createServer as createTcp, type LookupFunction, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../core/clock.js";
import { seededRandom } from "../core/random.js";
import { httpWire, type WireReply } from "./wire.js";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function listen(server: Server | TlsServer | ReturnType<typeof createTcp>): Promise<URL> {
  open.push({
    close: () => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}/x`);
}

const openssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

const timeouts = { connectMs: 1_000, headersMs: 1_000 };

/** No piece of it is like another. */
function bytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => random() * 256);
}

async function hashOf({ body }: WireReply): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of body) {
    hash.update(piece);
    if (piece.length % 3 === 0) await new Promise((resolve) => setImmediate(resolve)); // a slow consumer
  }
  return hash.digest("hex");
}

describe("httpWire", () => {
  const body = Buffer.from(bytes(3_000_001, 3));
  const sum = createHash("sha256").update(body).digest("hex");

  it("gives bodies of any framing whole, one after the other over one connection", async () => {
    const ports = new Set<number | undefined>();
    const url = await listen(
      createServer((request, response) => {
        ports.add(request.socket.remotePort);
        const chunked = request.headers["x-form"] === "chunked";
        response.writeHead(200, chunked ? {} : { "content-length": body.length });
        if (!chunked) response.end(body);
        else {
          for (let at = 0; at < body.length; at += 77_777) response.write(body.subarray(at, at + 77_777));
          response.end();
        }
      }),
    );
    const get = httpWire({ timeouts });
    for (const form of ["length", "chunked", "length", "chunked"]) {
      expect(await hashOf(await get(url, { headers: { "x-form": form } }))).toBe(sum);
    }
    expect(ports.size).toBe(1);
  });

  it("many at once each get their own", async () => {
    const url = await listen(createServer((request, response) => response.end(body.subarray(0, Number(request.headers["x-n"])))));
    const get = httpWire({ timeouts });
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const bytes = 10_000 * n + n;
        const expected = createHash("sha256").update(body.subarray(0, bytes)).digest("hex");
        expect(await hashOf(await get(url, { headers: { "x-n": String(bytes) } }))).toBe(expected);
      }),
    );
  });

  it("a body that is dropped closes its connection; the next request has another", async () => {
    const url = await listen(createServer((_request, response) => response.end(body)));
    const get = httpWire({ timeouts });
    for (let turn = 0; turn < 3; turn++) {
      for await (const piece of (await get(url, { headers: {} })).body) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
      await (await get(url, { headers: {} })).body.dump({ limit: 1000 });
    }
    expect(await hashOf(await get(url, { headers: {} }))).toBe(sum);
  });

  it("an idle connection that the server has closed is made anew", async () => {
    let connections = 0;
    const server = createServer((_request, response) => response.end("ok"));
    server.on("connection", () => connections++);
    const url = await listen(server);
    const get = httpWire({ timeouts });
    await hashOf(await get(url, { headers: {} }));
    server.closeIdleConnections();
    await hashOf(await get(url, { headers: {} }));
    expect(connections).toBe(2);
  });

  it("a connection that was idle for more than four seconds is not used again: the server may be about to close it", async () => {
    const ports: (number | undefined)[] = [];
    const url = await listen(
      createServer((request, response) => {
        ports.push(request.socket.remotePort);
        response.end("ok");
      }),
    );
    let ms = 1_000;
    const clock = { ...systemClock, monotonic: () => ms };
    const lookup: LookupFunction = (_host, _options, give) => give(null, [{ address: "127.0.0.1", family: 4 }]);
    const get = httpWire({ timeouts, clock, lookup });
    const ask = async () => hashOf(await get(url, { headers: {} }));
    await ask();
    ms += 4_000;
    await ask();
    expect(new Set(ports).size).toBe(1);
    ms += 4_001;
    await ask();
    expect(new Set(ports).size).toBe(2);
    ms += 4_000; // counts from its own last answer
    await ask();
    expect(new Set(ports).size).toBe(2);
  });

  it("closes what became stale as soon as another connection is free", async () => {
    const sockets = new Set<Socket>();
    const held: ServerResponse[] = [];
    const server = createServer((_request, response) => void held.push(response));
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    const url = await listen(server);
    let ms = 1_000;
    const lookup: LookupFunction = (_host, _options, give) => give(null, [{ address: "127.0.0.1", family: 4 }]);
    const get = httpWire({
      timeouts: { ...timeouts, headersMs: 60_000 },
      clock: { ...systemClock, monotonic: () => ms },
      lookup,
    });
    const both = [1, 2].map(async () => hashOf(await get(url, { headers: {} })));
    await vi.waitFor(() => expect(held).toHaveLength(2));
    held[0]!.end("ok");
    await Promise.race(both);
    ms += 4_001;
    held[1]!.end("ok");
    await Promise.all(both);
    await vi.waitFor(() => expect(sockets.size).toBe(1));
  });

  it("an end in the middle, a reset and silence are errors", async () => {
    const get = httpWire({ timeouts: { connectMs: 300, headersMs: 300 } });
    const cut = await listen(createTcp((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")));
    await expect(get(cut, { headers: {} }).then(hashOf)).rejects.toThrow();
    const reset = await listen(createTcp((socket) => void socket.resetAndDestroy()));
    await expect(get(reset, { headers: {} })).rejects.toThrow();
    const silent = await listen(createTcp(() => {}));
    await expect(get(silent, { headers: {} })).rejects.toThrow(/no answer/);
    const noise = await listen(createTcp((socket) => socket.end("220 ftp ready\r\n\r\n")));
    await expect(get(noise, { headers: {} })).rejects.toThrow(/not HTTP/);
  });

  it("stops at the signal, before and in a body", async () => {
    const url = await listen(
      createServer((_request, response) => void response.writeHead(200, { "content-length": 10 }).write("abc")),
    );
    const get = httpWire({ timeouts });
    const stop = new AbortController();
    const reply = await get(url, { headers: {}, signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(hashOf(reply)).rejects.toThrow();
    await expect(get(url, { headers: {}, signal: stop.signal })).rejects.toThrow();
  });

  it.skipIf(!openssl)("over TLS too: bodies whole, and a certificate that nobody knows is refused", async () => {
    const folder = mkdtempSync(join(tmpdir(), "emporium-tls-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const words = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=127.0.0.1",
      "-keyout",
      key,
      "-out",
      cert,
    ];
    execFileSync("openssl", words, { stdio: "ignore" });
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      if (request.headers["x-form"] === "length") response.setHeader("content-length", body.length);
      else response.flushHeaders();
      response.end(body);
    });
    rmSync(folder, { recursive: true });
    const url = new URL((await listen(server)).href.replace("http:", "https:"));
    const get = httpWire({ timeouts });
    await expect(get(url, { headers: {} })).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    try {
      for (const form of ["length", "chunked", "length"]) {
        expect(await hashOf(await get(url, { headers: { "x-form": form } }))).toBe(sum);
      }
      await Promise.all(Array.from({ length: 4 }, async () => expect(await hashOf(await get(url, { headers: {} }))).toBe(sum)));
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  it("no header can smuggle a line", async () => {
    await expect(httpWire({ timeouts })(new URL("http://127.0.0.1:1/"), { headers: { a: "b\r\nc: d" } })).rejects.toThrow();
  });
});
