import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../core/clock.js";
import { memoryStore } from "../stores/memory/store.js";
import { postsTo } from "./bodies.js";
import type { Handler } from "./handler.js";
import { type Listening, type ListenOptions, listen } from "./listen.js";
import { staticFiles } from "./static.js";

/** Clients that hold on to a server: those that read slowly, send slowly, or do nothing. */
const BIG = 16 * 1024 * 1024;
const open: { server: Listening; sockets: Socket[] }[] = [];
afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await server.close();
  }
});

async function serve(options: ListenOptions, handler?: Handler) {
  const store = memoryStore();
  await store.write("big", new Uint8Array(BIG));
  await store.write("small", new TextEncoder().encode("small"));
  const server = await listen(handler ?? staticFiles(store), options);
  const sockets: Socket[] = [];
  open.push({ server, sockets });
  /** A connection of its own that has sent this much and reads nothing. */
  const client = async (text = "") => {
    const socket = connect(server.port, "127.0.0.1").on("error", () => {});
    sockets.push(socket);
    await once(socket, "connect");
    socket.pause();
    if (text !== "") socket.write(text.replace("HOST", `Host: 127.0.0.1:${server.port}`));
    return socket;
  };
  return { server, client, small: async () => (await fetch(`${server.url}/small`)).text() };
}

const GET_BIG = "GET /big HTTP/1.1\r\nHOST\r\n\r\n";

/** A clock whose sleepers wake when it is told that their time has come. */
function toldClock(): Clock & { pass(ms: number): Promise<void>; sleeping(): number } {
  let now = 0;
  let sleepers: { at: number; wake: () => void }[] = [];
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers = sleepers.filter((one) => one !== sleeper);
          reject(signal.reason);
        });
      }),
    async pass(ms) {
      now += ms;
      for (const { at, wake } of sleepers) if (at <= now) wake();
      sleepers = sleepers.filter(({ at }) => at > now);
    },
    sleeping: () => sleepers.length,
  };
}

const until = async (isSo: () => boolean) => {
  while (!isSo()) await systemClock.sleep(2);
};

describe("seam 23: clients that hold on to a server", () => {
  it("and read nothing shut nobody out: who is waited for is not worked on", async () => {
    const clock = toldClock();
    const { client, small } = await serve({ requestsMax: 2, clock });
    for (let at = 0; at < 12; at++) await client(GET_BIG);
    await until(() => clock.sleeping() === 12);
    for (let at = 0; at < 5; at++) expect(await small()).toBe("small");
  });

  it("and take too little are cut off; those that take enough are not", async () => {
    const clock = toldClock();
    const { client } = await serve({ clock, slowest: { bytes: 160 * 1024, ms: 20_000 } });
    const [slow, steady] = [await client(GET_BIG), await client(GET_BIG)];
    const closed = once(slow, "close");
    await until(() => clock.sleeping() === 2);
    // what the system keeps for them counts as taken: the first stretch passes for both
    await clock.pass(20_000);
    await until(() => clock.sleeping() === 2);
    let read = 0;
    steady.on("data", (bytes: Buffer) => {
      read += bytes.length;
    });
    steady.resume();
    await until(() => read > BIG);
    await clock.pass(20_000);
    slow.resume(); // so that the end is seen
    await closed;
    expect([slow.destroyed, steady.destroyed]).toEqual([true, false]);
  });

  it("and send next to nothing shut nobody out either", async () => {
    const { client, small } = await serve(
      { requestsMax: 2, bodies: postsTo({ "/ask": 1000 }) },
      async () => new Response("small"),
    );
    for (let at = 0; at < 6; at++) await client("POST /ask HTTP/1.1\r\nHOST\r\nContent-Length: 900\r\n\r\nx");
    expect(await small()).toBe("small");
  });

  it("and are idle make room for others, those of a crowded address first", async () => {
    const clock = toldClock();
    const { client, small } = await serve({ connections: { total: 8, perAddress: 4 }, clock });
    const idle: Socket[] = [];
    for (let at = 0; at < 4; at++) idle.push(await client());
    const gone = once(idle[0]!, "close");
    idle[0]!.resume();
    // who has only just come is no idler yet
    expect(await small()).toContain("503");
    await clock.pass(1_000);
    expect(await small()).toBe("small");
    await gone;
    expect(idle.slice(1).map(({ destroyed }) => destroyed)).toEqual([false, false, false]);
    for (let at = 0; at < 40; at++) await client();
    await clock.pass(1_000);
    expect(await small()).toBe("small");
  });

  it("and are all at work leave no room, which is told at once", async () => {
    const clock = toldClock();
    const { server, client, small } = await serve({ connections: { total: 8, perAddress: 3 }, clock });
    const busy = [await client(GET_BIG), await client(GET_BIG), await client(GET_BIG)];
    await until(() => clock.sleeping() === 3);
    const response = await fetch(`${server.url}/small`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    await response.text();
    busy[0]!.destroy();
    await until(() => clock.sleeping() < 3);
    await expect.poll(small).toBe("small");
  });
});
