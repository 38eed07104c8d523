import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { makeLog } from "../core/log.js";
import { memoryStore } from "../stores/memory/store.js";
import { postsTo } from "./bodies.js";
import { type Handler, mounted } from "./handler.js";
import { type Listening, type ListenOptions, listen } from "./listen.js";
import { staticFiles } from "./static.js";

const open: Listening[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(handler: Handler, options?: ListenOptions): Promise<Listening> {
  const server = await listen(handler, options);
  open.push(server);
  return server;
}

/** What a server says to raw text: clients tidy up what they send. */
function raw({ port }: Listening, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    socket.setEncoding("latin1").on("data", (text) => {
      answer += text;
    });
    socket.on("end", () => resolve(answer)).on("error", reject);
  });
}

const echo: Handler = async (request, path) => new Response(`${request.method} ${path} ${request.headers.get("range")}`);
const get = (target: string, host: string) => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

describe("listen", () => {
  it("hands over method, path and headers, on loopback alone", async () => {
    const server = await serve(echo);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    const response = await fetch(`${server.url}/a/b%20c?q#f`, { headers: { range: "bytes=0-1" } });
    expect(await response.text()).toBe("GET a/b%20c bytes=0-1");
  });

  it("sends bodies of any size as they come", async () => {
    const store = memoryStore();
    const body = Uint8Array.from({ length: 5_000_000 }, (_, i) => i % 253);
    await store.write("big", body);
    const { url } = await serve(mounted({ "/files/": staticFiles(store) }));
    expect(Buffer.compare(new Uint8Array(await (await fetch(`${url}/files/big`)).arrayBuffer()), body)).toBe(0);
    const part = await fetch(`${url}/files/big`, { headers: { range: "bytes=4999990-" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 4999990-4999999/5000000"]);
    const head = await fetch(`${url}/files/big`, { method: "HEAD" });
    expect([head.headers.get("content-length"), await head.text()]).toEqual(["5000000", ""]);
  });

  it.each([
    "/../x",
    "/files/../x",
    "/files/%2e%2E/x",
    "/files/.%2e",
    "/files/./x",
    "/files\\..\\x",
    "http://127.0.0.1/x",
    "*",
    "//../x",
  ])("refuses the target %s as it was sent", async (target) => {
    const asked: string[] = [];
    const server = await serve(async (_request, path) => {
      asked.push(path);
      return new Response();
    });
    expect(statusOf(await raw(server, get(target, `127.0.0.1:${server.port}`)))).toBe(400);
    expect(asked).toEqual([]);
  });

  it("answers to the names of this machine alone, and to those it is told", async () => {
    const server = await serve(echo, { names: ["viewer.test"] });
    const ask = async (host: string) => statusOf(await raw(server, get("/", host)));
    for (const host of [`127.0.0.1:${server.port}`, `localhost:${server.port}`, `LOCALHOST:${server.port}`, "viewer.test"]) {
      expect(await ask(host), host).toBe(200);
    }
    for (const host of ["evil.example.org", `evil.example.org:${server.port}`, "127.0.0.1", "localhost:1"]) {
      expect(await ask(host), host).toBe(421);
    }
  });

  const hintOf = (host: string) =>
    `emporium serve --url https://${host} if people use that name, or let the proxy send Host: portal.example.org`;
  it("(34.24) names the host that was asked for and those that it has, in the answer and once in the log", async () => {
    const told: string[] = [];
    const log = makeLog((level, message, facts) => told.push(`${level}: ${message} | ${String(facts?.hint)}`));
    const server = await serve(echo, { names: ["portal.example.org"], log });
    const ask = async (host: string) => (await raw(server, get("/", host))).split("\r\n\r\n")[1];
    const others = `portal.example.org, 127.0.0.1:${server.port}, localhost:${server.port} and 1 more (see --url)`;
    const says = (host: string) => `host ${host} is not served here; this server answers to ${others}`;
    expect(await ask("lab.example.org")).toContain(`421 ${says("lab.example.org")}`);
    expect(await ask("lab.example.org")).toContain(`421 ${says("lab.example.org")}`);
    expect(told).toEqual([`warn: ${says("lab.example.org")} | ${hintOf("lab.example.org")}`]);
    // a name is text of somebody else: no markup of it comes back
    expect(await ask('<b onclick="x">.test')).toContain(`421 ${says("?b?onclick??x??.test")}`);
    expect(await ask("x".repeat(500))).toMatch(/host x{100}[^x]+ is not served here/);
    for (let i = 0; i < 100; i++) await ask(`n${i}.test`);
    expect(told.length).toBeLessThanOrEqual(33);
    expect(told.at(-1)).toContain("further names are not logged");
  });

  it("answers to names below localhost that it is told", async () => {
    const server = await serve(echo, { subdomains: ["data"] });
    const ask = async (host: string) => statusOf(await raw(server, get("/", host)));
    expect(await ask(`data.localhost:${server.port}`)).toBe(200);
    for (const host of [`other.localhost:${server.port}`, "data.localhost", `data.127.0.0.1:${server.port}`]) {
      expect(await ask(host), host).toBe(421);
    }
  });

  it("refuses a request with two hosts, whichever comes first", async () => {
    const server = await serve(echo);
    const own = `127.0.0.1:${server.port}`;
    for (const [first, second] of [
      [own, "evil.test"],
      ["evil.test", own],
      [own, own],
    ]) {
      expect(statusOf(await raw(server, get("/", `${first}\r\nhOST: ${second}`)))).toBe(400);
    }
  });

  it("refuses writing in the words of whoever is asked", async () => {
    const { url } = await serve(echo, { refuseWriting: (path) => new Response(`not ${path}`, { status: 405 }) });
    const answer = await fetch(`${url}/a/b`, { method: "DELETE" });
    expect([answer.status, await answer.text()]).toEqual([405, "not a/b"]);
  });

  it("takes no bodies and waits for none", async () => {
    const server = await serve(echo);
    const text = `POST / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 1000000\r\n\r\nx`;
    expect(statusOf(await raw(server, text))).toBe(405);
  });

  describe("with a path that takes bodies", () => {
    const post = (port: number, path: string, length: number, more = "") =>
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: ${length}\r\n${more}\r\n`;
    const repeat: Handler = async (request, path) => new Response(`${path} ${(await request.text()).length}`);

    it("hands them over whole, there alone", async () => {
      const { url } = await serve(repeat, { bodies: postsTo({ "/ask": 1_000_000 }) });
      const sent = (path: string, body: string) => fetch(`${url}${path}`, { method: "POST", body });
      expect(await (await sent("/ask?x", "é".repeat(300_000))).text()).toBe("ask 300000");
      expect(await (await sent("/ask", "")).text()).toBe("ask 0");
      expect((await sent("/ask/", "x")).status).toBe(405);
      expect((await sent("/other", "x")).status).toBe(405);
      expect((await fetch(`${url}/ask`, { method: "PUT", body: "x" })).status).toBe(405);
    });

    it("refuses those that are too large, by what they say and by what they send", async () => {
      const server = await serve(repeat, { bodies: postsTo({ "/ask": 1000 }) });
      expect(statusOf(await raw(server, post(server.port, "/ask", 1001)))).toBe(413);
      const chunks = `${post(server.port, "/ask", 0).replace("Content-Length: 0", "Transfer-Encoding: chunked")}${"3e8\r\n"}${"x".repeat(1000)}\r\n1\r\nx\r\n`;
      expect(statusOf(await raw(server, chunks))).toBe(413);
      expect(statusOf(await raw(server, `${post(server.port, "/ask", 1000, "Connection: close\r\n")}${"x".repeat(1000)}`))).toBe(
        200,
      );
    });

    it("asks for the server's name there too", async () => {
      const server = await serve(repeat, { bodies: postsTo({ "/ask": 1000 }) });
      const text = post(server.port, "/ask", 1).replace("127.0.0.1", "evil.example.org");
      expect(statusOf(await raw(server, `${text}x`))).toBe(421);
    });

    it("keeps the connection for the next request", async () => {
      const server = await serve(repeat, { bodies: postsTo({ "/ask": 1000 }) });
      const two = `${post(server.port, "/ask", 2)}ab${post(server.port, "/ask", 3, "Connection: close\r\n")}abc`;
      const answer = await raw(server, two);
      expect(answer.match(/ask \d/g)).toEqual(["ask 2", "ask 3"]);
    });
  });

  it("sends away what is too much at once, and takes the next", async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { url } = await serve(
      async () => {
        await held;
        return new Response("done");
      },
      { requestsMax: 2 },
    );
    const first = [fetch(url), fetch(url)];
    let refused: Response;
    do refused = await Promise.race([fetch(url), ...first]);
    while (refused.status !== 503);
    expect(refused.headers.get("retry-after")).toBe("1");
    letGo();
    expect(await Promise.all(first.map(async (response) => (await response).status))).toEqual([200, 200]);
    expect((await fetch(url)).status).toBe(200);
  });

  it("counts no stream of events as work, however long it stays open", async () => {
    const open = (type: string, signal: AbortSignal) => {
      const start = (to: ReadableStreamDefaultController) => {
        to.enqueue(new Uint8Array(1));
        signal.addEventListener("abort", () => to.close());
      };
      return new Response(new ReadableStream({ start }), { headers: { "content-type": type } });
    };
    const handler: Handler = async ({ signal }, path) => (path === "" ? new Response("done") : open(path, signal));
    const { url } = await serve(handler, { requestsMax: 1 });
    const end = new AbortController();
    await fetch(`${url}/text/event-stream`, { signal: end.signal });
    expect((await fetch(url)).status).toBe(200);
    await fetch(`${url}/text/plain`, { signal: end.signal });
    expect((await fetch(url)).status).toBe(503);
    end.abort();
    await expect.poll(async () => (await fetch(url)).status).toBe(200);
  });

  it("open to others, takes no name for its own that it was not told: its answers have the address that was asked", async () => {
    const server = await serve(async ({ url }) => new Response(url), { host: "0.0.0.0", names: ["lab.example"] });
    for (const [host, origin] of [
      ["evil.example", `http://127.0.0.1:${server.port}`],
      ["lab.example", "http://lab.example"],
    ])
      expect(/http:.*/.exec(await raw(server, get("/a", host!)))?.[0]).toBe(`${origin}/a`);
  });

  it("says nothing of a fault but that there was one, and logs it", async () => {
    const lines: string[] = [];
    const log = makeLog((level, message) => lines.push(`${level} ${message}`));
    const { url } = await serve(
      async () => {
        throw new Error("inner matters");
      },
      { log },
    );
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([500, "500 this failed\n"]);
    expect(lines).toEqual(["error inner matters"]);
  });

  it("cuts the connection where a body fails half-way", async () => {
    const body = () =>
      new ReadableStream({
        pull(controller) {
          if (body.pulls++ < 2) controller.enqueue(new Uint8Array(1000));
          else controller.error(new Error("gone"));
        },
      });
    body.pulls = 0;
    const server = await serve(async () => new Response(body(), { headers: { "content-length": "5000" } }));
    await expect(fetch(server.url).then((response) => response.arrayBuffer())).rejects.toThrow();
  });

  it("stops reading for a client that has gone", async () => {
    let cancelled = () => {};
    const gone = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const { url } = await serve(
      async () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
            cancel: () => cancelled(),
          }),
        ),
    );
    const controller = new AbortController();
    const response = await fetch(url, { signal: controller.signal });
    await response.body!.getReader().read();
    controller.abort();
    await gone;
    expect(controller.signal.aborted).toBe(true);
  });

  it("says which port it cannot have", async () => {
    const { port } = await serve(echo);
    await expect(listen(echo, { port })).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining(`:${port}`),
    });
  });

  it("says which address this machine does not have, and what to give instead", async () => {
    // 192.0.2.0/24 is kept for documents (RFC 5737)
    await expect(listen(echo, { host: "192.0.2.7" })).rejects.toMatchObject({
      message: "cannot listen on 192.0.2.7:0: this machine does not have the address",
      facts: { hint: expect.stringContaining("--host") },
    });
  });

  it("ends at once, connections that are kept included", async () => {
    const server = await listen(echo);
    await (await fetch(server.url)).text();
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow();
  });
});
