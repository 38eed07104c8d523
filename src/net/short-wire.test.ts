import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { shortWire } from "./short-wire.js";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** A server that answers the nth request of all connections as it is told; the bodies that came, and on which connection. */
async function serve(
  answer: (request: { number: number; socket: Socket; target: string; body: string }) => void,
  { stallMs = 300 } = {},
) {
  const seen: { target: string; body: string; connection: number }[] = [];
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = ++connections;
    sockets.add(socket);
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      for (;;) {
        const end = text.indexOf("\r\n\r\n");
        const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0);
        if (end < 0 || text.length < end + 4 + length) return;
        const target = text.split(" ")[1]!;
        const body = text.slice(end + 4, end + 4 + length);
        text = text.slice(end + 4 + length);
        seen.push({ target, body, connection });
        answer({ number: seen.length, socket, target, body });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const wire = shortWire(url, { connectMs: 2_000, stallMs });
  open.push({
    close() {
      wire.close();
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return {
    wire,
    seen,
    put: (target: string, body = "body", headers = {}) => wire.put(target, { host: "x", ...headers }, Buffer.from(body)),
  };
}

const OK = 'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 0\r\n\r\n';

describe("shortWire", () => {
  it("sends bodies whole, one after the other over one connection, side by side over several", async () => {
    // client and server share this process, which may be kept waiting by others
    const { put, seen } = await serve(({ socket }) => void socket.write(OK), { stallMs: 20_000 });
    const large = "x".repeat(3_000_000);
    expect((await put("/a")).head.header("etag")).toBe('"1"');
    expect((await put("/b?x=1", large)).head.status).toBe(200);
    expect((await put("/c", "")).head.status).toBe(200);
    expect(seen.map(({ target, body, connection }) => [target, body.length, connection])).toEqual([
      ["/a", 4, 1],
      ["/b?x=1", large.length, 1],
      ["/c", 0, 1],
    ]);
    await Promise.all(Array.from({ length: 5 }, (_, at) => put(`/${at}`)));
    expect(new Set(seen.slice(3).map(({ connection }) => connection)).size).toBe(5);
  });

  it("reads answers in pieces, chunks and after interim ones", async () => {
    const { put } = await serve(({ socket, number }) => {
      if (number === 1)
        socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<Code\r\n");
      else socket.write(OK);
      if (number === 1) setTimeout(() => socket.write("3\r\n>x<\r\n0\r\n\r\n"), 20);
    });
    const { head, text } = await put("/a");
    expect([head.status, text]).toEqual([403, "<Code>x<"]);
    expect((await put("/b")).head.status).toBe(200);
  });

  it("an idle connection that the server closed is replaced; one that broke under way is told of", async () => {
    const { put, seen } = await serve(({ socket, number }) => {
      if (number === 1) socket.removeAllListeners("data").end(OK);
      else if (number === 3) socket.destroy();
      else socket.write(OK);
    });
    await put("/a");
    expect((await put("/b")).head.status).toBe(200);
    // the third is broken on a connection that was used before: it goes once more
    expect((await put("/c")).head.status).toBe(200);
    expect(seen.map(({ target }) => target)).toEqual(["/a", "/b", "/c", "/c"]);
  });

  it("a request under a condition goes once alone", async () => {
    const { put, seen } = await serve(({ socket, number }) => (number === 2 ? socket.destroy() : socket.write(OK)));
    await put("/a");
    await expect(put("/b", "x", { "if-none-match": "*" })).rejects.toThrow(/closed|reset/i);
    expect(seen).toHaveLength(2);
  });

  it("a server that says nothing, or nothing sensible, ends in an error", async () => {
    const { put } = await serve(({ socket, target }) => {
      if (target === "/html") socket.write("<html>");
      if (target === "/two") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n");
    });
    await expect(put("/silent")).rejects.toThrow(/nothing came or went/);
    await expect(put("/html\r\nx")).rejects.toThrow(/line end/);
    await expect(put("/x", "", { "x-y": "a\r\nb: c" })).rejects.toThrow(/line end/);
    await expect(put("/two")).rejects.toThrow(/two headers/);
  });

  it("is stopped by a signal", async () => {
    const { wire } = await serve(() => {});
    const stop = new AbortController();
    const request = wire.put("/a", { host: "x" }, Buffer.from("x"), stop.signal);
    setTimeout(() => stop.abort(), 30);
    await expect(request).rejects.toThrow("stopped");
    await expect(wire.put("/b", {}, Buffer.from("x"), AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  });
});

describe("shortWire, bodies that come", () => {
  const room = (_: unknown, length: number) => new Uint8Array(length);
  const got = async (
    wire: Awaited<ReturnType<typeof serve>>["wire"],
    target: string,
    memory: Parameters<typeof wire.get>[2] = room,
  ) => {
    const { head, bytes } = await wire.get(target, { host: "x" }, memory);
    return [head.status, bytes && Buffer.from(bytes).toString()];
  };

  it("come whole, one after the other over one connection, in whatever pieces they are sent", async () => {
    const { wire, seen } = await serve(({ socket, target }) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Le");
      setTimeout(() => socket.write(`ngth: ${target.length}\r\n\r\n${target.slice(0, 2)}`), 5);
      setTimeout(() => socket.write(target.slice(2)), 10);
    });
    expect(await got(wire, "/first")).toEqual([200, "/first"]);
    expect(await got(wire, "/a/second?x")).toEqual([200, "/a/second?x"]);
    expect(seen.map(({ connection }) => connection)).toEqual([1, 1]);
  });

  it("an empty one, one of an error, and one that nobody has room for", async () => {
    const answers: Record<string, string> = {
      "/empty": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      "/absent": "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone",
      "/long": "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\nabc",
      "/chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    };
    const { wire, seen } = await serve(({ socket, target }) => void socket.write(answers[target]!));
    const small = (_: unknown, length: number) => (length < 100 ? new Uint8Array(length) : undefined);
    expect(await got(wire, "/empty", small)).toEqual([200, ""]);
    expect(await got(wire, "/absent", small)).toEqual([404, "gone"]);
    expect(await got(wire, "/long", small)).toEqual([200, undefined]);
    expect(await got(wire, "/chunks", small)).toEqual([200, undefined]);
    expect(await got(wire, "/empty", small)).toEqual([200, ""]);
    // what is left of an answer would be in the way of the next one
    expect(seen.map(({ connection }) => connection)).toEqual([1, 1, 1, 2, 3]);
  });

  it("one that ends early, is too long or never comes is an error, never shorter bytes", async () => {
    const { wire } = await serve(({ socket, target }) => {
      if (target === "/early") socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
      if (target === "/more") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc");
      if (target === "/half") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    });
    await expect(got(wire, "/early")).rejects.toThrow(/closed/);
    await expect(got(wire, "/more")).rejects.toThrow(/more than the 2 bytes/);
    await expect(got(wire, "/half")).rejects.toThrow(/nothing came or went/);
  });

  it("is asked for again where the server had closed the idle connection", async () => {
    const { wire, seen } = await serve(({ socket, number }) => {
      if (number === 2) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    });
    expect(await got(wire, "/a")).toEqual([200, "x"]);
    expect(await got(wire, "/b")).toEqual([200, "x"]);
    expect(seen.map(({ target }) => target)).toEqual(["/a", "/b", "/b"]);
  });
});
