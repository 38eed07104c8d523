import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { manualClock } from "../../src/core/clock.js";
import { seededRandom } from "../../src/core/random.js";
import { Secret } from "../../src/core/redact.js";
import { publicGate } from "../../src/net/gate.js";
import { type FtpStoreOptions, ftpStore } from "../../src/stores/ftp/store.js";
import { openObject, type Store } from "../../src/stores/store.js";
import { withRetry } from "../../src/stores/wrap/retry.js";
import { bytes, codeOf, collect, same } from "../conformance/store-suite.js";
import { type Fate, type FtpFaultManners, type FtpFaultServer, type Row, startFtpFaultServer } from "./ftp.mjs";

const KiB = 1024;
const MiB = 1024 * KiB;
const SIZE = 1000 * KiB + 7;
const body = bytes(SIZE, 42);
const timeouts = { connectMs: 2_000, headersMs: 1_000, stallMs: 1_100 };
/** Fetched in vain at most, for each fault. */
const WASTE_MAX = 8 * MiB;

/** The rule of every row: the right bytes, or one typed error; never wrong bytes, never a hang. */
describe("FTP faults", () => {
  let server: FtpFaultServer;
  let bare: Store;
  let store: Store;
  let clock = manualClock();

  async function start(manners: FtpFaultManners = {}, options: FtpStoreOptions = {}): Promise<void> {
    await server?.close();
    server = await startFtpFaultServer({ manners });
    server.putFile("tomo.mrc", body);
    bare = ftpStore(server.url, { timeouts, ...options });
    clock = manualClock();
    store = withRetry(bare, { clock, random: () => 0.5 });
  }
  /** All cases at once, each with a server and stores of its own: what they do is wait until a time is over. */
  async function beside<Case>(
    cases: readonly Case[],
    run: (one: Case, own: { server: FtpFaultServer; bare: Store; store: Store }) => Promise<void>,
  ): Promise<void> {
    await Promise.all(
      cases.map(async (one) => {
        const own = await startFtpFaultServer({});
        try {
          own.putFile("tomo.mrc", body);
          const plain = ftpStore(own.url, { timeouts });
          await run(one, {
            server: own,
            bare: plain,
            store: withRetry(plain, { clock: manualClock(), random: () => 0.5 }),
          });
        } finally {
          await own.close();
        }
      }),
    );
  }
  beforeEach(() => start());
  afterEach(() => server.close());

  const range = { offset: 300 * KiB, length: 200 * KiB };
  const part = body.subarray(range.offset, range.offset + range.length);
  const times = (operation: string) => server.commands.filter((one) => one.operation === operation).length;
  const wasted = () => server.dataBytes - SIZE;

  it.each([425, 426, 450, 451, 421])("%i instead of a file, up to five times, then right", async (code) => {
    for (const count of [1, 5]) {
      server.setFaults([{ on: "RETR", fate: { kind: "reply", code: String(code) }, times: count }]);
      same(await store.read("tomo.mrc", range), part);
      // A connection that was used before and is gone is replaced at once, past the retries.
      expect(times("RETR")).toBe(count + 1);
    }
  });

  it("425 six times is an error that names the address and the tries", async () => {
    server.setFaults([{ on: "RETR", fate: { kind: "reply", code: "425" } }]);
    await expect(store.read("tomo.mrc")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringMatching(/^ftp:\/\/127\.0\.0\.1:\d+\/tomo\.mrc: the server answers 425 .*\(6 tries\)$/),
    });
  });

  it.each(["reset", "drop", "fin", "half"])("%s at any byte: goes on there", async (kind) => {
    for (const at of [0, 1, 100, 64 * KiB, 500 * KiB, SIZE - 1]) {
      server.setFaults([{ on: "RETR", fate: { kind, at }, times: 1 }]);
      same(await store.read("tomo.mrc"), body);
      expect(times("RETR")).toBe(2);
      expect(server.commands.some(({ operation }) => operation === "REST")).toBe(at > 0);
      expect(wasted()).toBeLessThanOrEqual(WASTE_MAX);
    }
  });

  it("a connection that breaks again and again, with some progress, gets there", async () => {
    server.setFaults([{ on: "RETR", fate: { kind: "drop", at: 100 * KiB }, times: 9 }]);
    same(await store.read("tomo.mrc"), body);
    expect(times("RETR")).toBe(10);
  });

  it("the control connection may break at every command", async () => {
    const commands = ["USER", "PASS", "FEAT", "TYPE", "PWD", "SIZE", "MDTM", "EPSV", "REST", "RETR"];
    await beside(
      commands.flatMap((on) => ["cut", "mute"].map((kind) => ({ on, fate: { kind }, times: 2 }))),
      async (fault, own) => {
        own.server.setFaults([fault]);
        same(await own.store.read("tomo.mrc", range), part);
        const broken = own.server.commands.filter(({ operation }) => operation === fault.on).length;
        expect(broken, `${fault.fate.kind} at ${fault.on}`).toBeGreaterThan(2);
      },
    );
  });

  it.each(["426", "226", "both", "nothing", "hang up"] as const)(
    "the end of a part is the end of its transfer, and the server says %s to it",
    async (early) => {
      await start({ early });
      const big = bytes(40 * MiB, 3);
      server.putFile("big.mrc", big);
      for (let i = 0; i < 4; i++) {
        const at = i * 5 * MiB;
        same(await bare.read("big.mrc", { offset: at, length: 100_000 }), big.subarray(at, at + 100_000));
      }
      // The connections are free again when the server has seen the end of each transfer.
      await Promise.all([bare.stat("big.mrc"), bare.stat("big.mrc")]);
      expect(server.dataBytes).toBeLessThanOrEqual(4 * (100_000 + WASTE_MAX));
      if (early === "426" || early === "226") expect(server.logins).toBeLessThanOrEqual(2);
    },
  );

  it("a last reply that comes twice is not taken for the next one", async () => {
    server.setFaults([{ on: "RETR", fate: { kind: "twice" } }]);
    for (let i = 0; i < 5; i++) same(await store.read("tomo.mrc", range), part);
  });

  it.each(["stall", "drip"])("%s is noticed, and the rest fetched anew", async (kind) => {
    await beside([0, 100 * KiB, "always"] as const, async (at, own) => {
      if (at === "always") {
        own.server.setFaults([{ on: "RETR", fate: { kind, at: 10, everyMs: 50 } }]);
        expect(await codeOf(own.bare.read("tomo.mrc", range))).toBe("STORE_UNAVAILABLE");
      } else {
        own.server.setFaults([{ on: "RETR", fate: { kind, at, everyMs: 50 }, times: 1 }]);
        same(await own.store.read("tomo.mrc", range), part);
        expect(own.server.commands.filter(({ operation }) => operation === "RETR").length).toBe(2);
      }
    });
  });

  it("a reply that trickles in is given up on", async () => {
    server.setFaults([{ on: "SIZE", fate: { kind: "trickle", everyMs: 300 } }]);
    expect(await codeOf(bare.stat("tomo.mrc"))).toBe("STORE_UNAVAILABLE");
    server.setFaults([{ on: "EPSV", fate: { kind: "trickle", everyMs: 1 }, times: 1 }]);
    same(await bare.read("tomo.mrc", range), part);
  });

  it("a server that accepts and says nothing, or does not exist, is given up on", async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as { port: number };
    expect(await codeOf(ftpStore(`ftp://127.0.0.1:${port}`, { timeouts }).stat("x"))).toBe("STORE_UNAVAILABLE");
    mute.close();
    expect(await codeOf(ftpStore("ftp://127.0.0.1:9", { timeouts }).stat("x"))).toBe("STORE_UNAVAILABLE");
  });

  it("too many connections: fewer are used, and everybody waits for them", async () => {
    await start({ connectionsMax: 2 }, { connections: 6 });
    const found = await Promise.all(
      Array.from({ length: 12 }, (_, i) => bare.read("tomo.mrc", { offset: i * 1000, length: 1000 })),
    );
    for (const [i, one] of found.entries()) same(one, body.subarray(i * 1000, i * 1000 + 1000));
    expect(server.openMost).toBe(2);
  });

  it("no connection at all is throttling, which passes", async () => {
    await start({ connectionsMax: 1 });
    const other = ftpStore(server.url, { timeouts, password: new Secret("another") });
    expect(await codeOf(other.stat("tomo.mrc"))).toBe("none");
    await expect(bare.read("tomo.mrc")).rejects.toMatchObject({ code: "STORE_THROTTLED", facts: { retry: "later" } });
  });

  it("two connections to a host unless more are asked for, however many stores there are", async () => {
    const stores = Array.from({ length: 5 }, () => ftpStore(server.url, { timeouts }));
    await Promise.all(stores.flatMap((one) => [one.read("tomo.mrc"), one.read("tomo.mrc", range)]));
    expect(server.openMost).toBe(2);
    expect(server.logins).toBe(2);
    const more = ftpStore(server.url, { timeouts, connections: 5 });
    await Promise.all(Array.from({ length: 20 }, () => more.read("tomo.mrc")));
    expect(server.openMost).toBeGreaterThan(2);
    expect(server.openMost).toBeLessThanOrEqual(5);
  });

  it("REST refused: a near range is read from the beginning, a far one refused, a stream says where it begins", async () => {
    await start({ restart: false });
    expect(bare.features.ranges).toBe(true);
    same(await store.read("tomo.mrc", { offset: 1000, length: 5000 }), body.subarray(1000, 6000));
    expect(bare.features.ranges).toBe(false);
    expect(await codeOf(store.read("tomo.mrc", range))).toBe("STORE_PROTOCOL");
    same(await store.read("tomo.mrc"), body);
    const stream = (await bare.stream!("tomo.mrc", { offset: 500 * KiB, length: 10 }))!;
    expect(stream.offset).toBe(0);
    const pieces = await collect(stream.body);
    same(new Uint8Array(Buffer.concat(pieces)).subarray(500 * KiB), body.subarray(500 * KiB, 500 * KiB + 10));
    expect(times("REST")).toBe(1);
  });

  it("REST refused and a break in the middle: begins again, whole", async () => {
    await start({ restart: false });
    server.setFaults([{ on: "RETR", fate: { kind: "drop", at: 200 * KiB }, times: 1 }]);
    same(await store.read("tomo.mrc"), body);
  });

  it("PASV that names another address: data come from where the commands go", async () => {
    for (const passiveHost of ["10.1.2.3", "169.254.169.254", "0.0.0.0"]) {
      await start({ extendedPassive: false, passiveHost });
      same(await bare.read("tomo.mrc", range), part);
    }
  });

  it("an idle control connection that was closed is replaced", async () => {
    for (let i = 0; i < 3; i++) {
      same(await bare.read("tomo.mrc", range), part);
      server.hangUp();
      await until(() => server.open === 0);
    }
    expect(server.logins).toBe(3);
    expect(clock.sleeps).toEqual([]);
  });

  it("MLSD missing, flags refused, DOS's form, links: the listing is the same", async () => {
    const keys = async () => (await collect(bare.list(""))).map(({ key }) => key);
    for (const manners of [
      {},
      { machineListing: false },
      { machineListing: false, listing: "dos", flags: false },
      { features: false },
      { size: false, machineListing: false, times: false },
    ] satisfies FtpFaultManners[]) {
      await start(manners);
      server.putFile("sub/a b.mrc", body);
      server.putFile("sub/deep/c", body);
      expect(await keys()).toEqual(["sub/a b.mrc", "sub/deep/c", "tomo.mrc"]);
      expect((await collect(bare.children(""))).map(({ key, size }) => [key, size])).toEqual([
        ["sub/", 0],
        ["tomo.mrc", SIZE],
      ]);
    }
    await start({ machineListing: false });
    server.putFile("sub/x", body);
    server.putLink("link.mrc", "tomo.mrc");
    server.putLink("sub/gone", "no/such");
    expect(await keys()).toEqual(["link.mrc", "sub/gone/", "sub/x", "tomo.mrc"].filter((key) => key !== "sub/gone/"));
  });

  it("a link to a folder above ends the listing, not the program", async () => {
    await start();
    server.putFile("a/x.mrc", body);
    server.putLink("a/loop", "a");
    const keys = (await collect(bare.list("a/"))).map(({ key }) => key);
    expect(keys).toEqual(["a/loop/x.mrc", "a/x.mrc"]);
  });

  it("a listing that breaks is not taken for a whole one", async () => {
    for (let i = 0; i < 200; i++) server.putFile(`many/${i}`, new Uint8Array(1));
    for (const machineListing of [true, false]) {
      for (const kind of ["reset", "drop", "fin"]) {
        await start({ machineListing });
        for (let i = 0; i < 200; i++) server.putFile(`many/${i}`, new Uint8Array(1));
        const on = machineListing ? "MLSD" : "LIST";
        server.setFaults([{ on, fate: { kind, at: 1000 } }]);
        expect(await codeOf(collect(bare.list("many/")))).toBe("STORE_UNAVAILABLE");
        server.setFaults([{ on, fate: { kind, at: 1000 }, times: 2 }]);
        expect(await collect(store.list("many/"))).toHaveLength(200);
      }
    }
  });

  it("names of Latin-1 servers are found, and read", async () => {
    await start({ latin1: true });
    server.putFile("Präparat.mrc", body);
    expect((await collect(bare.list("Pr"))).map(({ key }) => key)).toEqual(["Präparat.mrc"]);
    same(await bare.read("Präparat.mrc", range), part);
    expect(await bare.stat("Präparat.rec")).toBeUndefined();
  });

  it("an object that is replaced, or grows, between two reads is a conflict, never a mixture", async () => {
    for (const by of [0, 1000, -1000]) {
      await start();
      const object = await openObject(store, "tomo.mrc");
      same(await object.read({ offset: 0, length: 10 }), body.subarray(0, 10));
      server.setFaults([{ on: "SIZE", fate: { kind: "replace", by }, times: 1 }]);
      expect(await codeOf(object.read({ offset: 10, length: 10 }))).toBe("STORE_CONFLICT");
    }
    await start({ times: false });
    const object = await openObject(store, "tomo.mrc");
    server.setFaults([{ on: "SIZE", fate: { kind: "replace", by: 1 }, times: 1 }]);
    expect(await codeOf(object.read({ offset: 10, length: 10 }))).toBe("STORE_CONFLICT");
  });

  it("an object that is replaced while a whole read is under way is read anew, whole", async () => {
    server.setFaults([
      { on: "RETR", fate: { kind: "drop", at: 200 * KiB }, times: 1 },
      { on: "SIZE", fate: { kind: "replace" }, skip: 1, times: 1 },
    ]);
    const found = (await store.read("tomo.mrc"))!;
    expect(found.length).toBe(SIZE);
    expect(found.every((byte) => byte === found[0])).toBe(true);
  });

  it("a name and a password, and a home that is not the root", async () => {
    const login = { user: "lab", password: "canary word" };
    await start({ login, home: "/home/lab" });
    server.putFile("home/lab/data/x.mrc", body);
    const mine = ftpStore(`${server.url}/data`, { timeouts, user: "lab", password: new Secret("canary word") });
    same(await mine.read("x.mrc", range), part);
    expect((await collect(mine.list(""))).map(({ key }) => key)).toEqual(["x.mrc"]);
    const absolute = ftpStore(`${server.url}/%2F`, { timeouts, user: "lab", password: new Secret("canary word") });
    same(await absolute.read("tomo.mrc", range), part);
    const wrong = ftpStore(server.url, { timeouts, user: "lab", password: new Secret("canary wrong") });
    const error = await withRetry(wrong, { clock, random: () => 0.5 })
      .stat("x")
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "STORE_DENIED" });
    expect(JSON.stringify([String(error), error])).not.toMatch(/canary/);
    expect(clock.sleeps).toEqual([]);
  });

  it("names that would end a command never reach the server", async () => {
    server.setFaults([]);
    for (const name of ["x\r\nDELE tomo.mrc", "x\nQUIT", "a\u0007b", "tab\there", "x\u007f"]) {
      for (const work of [bare.stat(name), bare.read(name), bare.stream!(name)]) expect(await codeOf(work)).toBe("NAME_UNSAFE");
      expect(await collect(bare.list(`${name}/`))).toEqual([]);
    }
    expect(server.commands).toEqual([]);
    expect(() => ftpStore(`${server.url}/a%0D%0ADELE%20x`)).toThrow(expect.objectContaining({ code: "NAME_UNSAFE" }));
    for (const name of ["../x", "a/../../x", "/etc/passwd"]) expect(await codeOf(bare.stat(name))).toBe("NAME_UNSAFE");
  });

  it("a listing cannot name what lies elsewhere", async () => {
    for (const machineListing of [true, false]) {
      await start({ machineListing });
      for (const name of ["..", "."]) server.putFile(`d/${name}`, body);
      server.putFile("d/a\\b", body);
      server.putFile("d/good", body);
      expect((await collect(bare.list("d/"))).map(({ key }) => key)).toEqual(["d/good"]);
    }
  });

  it("a host of a reply is refused when it is not public, before anything is sent", async () => {
    const asked: string[] = [];
    const gate = publicGate(async (host) => {
      asked.push(host);
      return host === "two.test" ? ["8.8.8.8", "127.0.0.1"] : ["127.0.0.1"];
    });
    for (const url of [
      "ftp://127.0.0.1/x",
      "ftp://[::ffff:7f00:1]/x",
      "ftp://2130706433/x",
      "ftp://host.test:2121/x",
      "ftp://u:p@host.test/x",
    ]) {
      expect(() => ftpStore(url, { gate })).toThrow(expect.objectContaining({ code: "ADDRESS_REFUSED" }));
    }
    for (const url of ["ftp://one.test", "ftp://two.test/x"]) {
      expect(await codeOf(ftpStore(url, { gate, timeouts }).stat("x"))).toBe("ADDRESS_REFUSED");
    }
    expect(asked).toEqual(["one.test", "two.test"]);
    expect(server.logins).toBe(0);
  });

  it("a cancelled read ends at once, in the middle of a body and in the queue too", async () => {
    server.setFaults([{ on: "RETR", fate: { kind: "stall", at: 1000 } }]);
    const stop = new AbortController();
    const reads = Array.from({ length: 4 }, () => codeOf(bare.read("tomo.mrc", range, { signal: stop.signal })));
    setTimeout(() => stop.abort(), 50);
    expect(await Promise.all(reads)).toEqual(["CANCELLED", "CANCELLED", "CANCELLED", "CANCELLED"]);
    server.setFaults([]);
    same(await bare.read("tomo.mrc", range), part);
  });

  it("streams that are left, cancelled or never begun give their connections back", async () => {
    for (let i = 0; i < 6; i++) {
      const stream = (await bare.stream!("tomo.mrc", { offset: i }))!;
      expect(stream).toMatchObject({ offset: i, length: SIZE - i, stat: { size: SIZE } });
      if (i % 3 === 0) await stream.cancel();
      else
        for await (const piece of stream.body) {
          same(piece, body.subarray(i, i + piece.length));
          if (i % 3 === 1) break;
          await stream.cancel();
          break;
        }
      await stream.cancel();
    }
    same(await bare.read("tomo.mrc"), body);
    expect(server.openMost).toBeLessThanOrEqual(2);
    expect(await bare.stream!("no-such")).toBeUndefined();
    expect(await codeOf(bare.stream!("tomo.mrc", undefined, { ifMatch: '"1-2"' }))).toBe("STORE_CONFLICT");
    const past = (await bare.stream!("tomo.mrc", { offset: SIZE + 5 }))!;
    expect([past.length, past.stat.size, await collect(past.body)]).toEqual([0, SIZE, []]);
  });

  it("random faults for many seeds: the right bytes or a typed error", async () => {
    const kinds: Row[] = [
      ...["reset", "drop", "fin", "half"].map((kind) => ({ on: "RETR", fate: { kind, at: 3_000 } })),
      ...["425", "426", "450", "421"].map((code) => ({ on: "RETR", fate: { kind: "reply", code } as Fate })),
      { on: "RETR", fate: { kind: "twice" } },
      { on: "EPSV", fate: { kind: "reply", code: "421" } },
      { on: "SIZE", fate: { kind: "cut" } },
      { on: "SIZE", fate: { kind: "reply", code: "226" } },
      { on: "MDTM", fate: { kind: "cut" } },
      { on: "PASS", fate: { kind: "cut" } },
    ];
    let right = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      server.setFaults(
        kinds.map((row) => ({ ...row, rate: 0.05 })),
        seed,
      );
      const offset = Math.floor(random() * SIZE);
      const length = Math.floor(random() * 200 * KiB);
      try {
        same(await store.read("tomo.mrc", { offset, length }), body.subarray(offset, offset + length));
        right++;
      } catch (error) {
        expect(error).toMatchObject({ name: "EmporiumError" });
      }
    }
    expect(right).toBeGreaterThan(55);
  });
});

/** Waits for what the server sees a moment later. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
