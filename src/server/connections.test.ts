import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { limitConnections } from "./connections.js";

class Connection extends EventEmitter {
  destroyed = false;
  constructor(
    readonly remoteAddress: string,
    private readonly closes = true,
  ) {
    super();
  }
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    if (this.closes) this.emit("close");
  }
}

function limited(limits: { total: number; perAddress: number }) {
  const server = new EventEmitter();
  let nowMs = 0;
  const timers: { resolve: () => void; signal: AbortSignal | undefined }[] = [];
  const { isRefused } = limitConnections(server as unknown as Server, limits, {
    now: () => nowMs,
    monotonic: () => nowMs,
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        timers.push({ resolve, signal });
        signal?.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  return {
    timers,
    pass: (ms: number) => {
      nowMs += ms;
    },
    open(address: string, closes = true) {
      const socket = new Connection(address, closes);
      server.emit("connection", socket);
      return socket;
    },
    ask(socket: Connection) {
      const response = new EventEmitter();
      server.emit("request", { socket }, response);
      return () => response.emit("close");
    },
    isRefused: (socket: Connection) => isRefused(socket as unknown as Socket),
  };
}

describe("connections of a server", () => {
  it("that have been idle longest make room for new ones, those of the same address where that has too many", () => {
    const { open, pass, isRefused } = limited({ total: 3, perAddress: 2 });
    const [a, b, other] = [open("a"), open("a"), open("b")];
    pass(1000);
    const third = open("a");
    expect([a.destroyed, b.destroyed, other.destroyed, isRefused(third)]).toEqual([true, false, false, false]);
    pass(1000);
    const c = open("c");
    expect([b.destroyed, other.destroyed, third.destroyed, isRefused(c)]).toEqual([true, false, false, false]);
  });

  it("are refused where all others are at work, or have only just begun to rest", () => {
    const { open, ask, pass, isRefused } = limited({ total: 2, perAddress: 2 });
    const [a, b] = [open("a"), open("b")];
    const ends = [ask(a), ask(b)];
    pass(60_000);
    expect(isRefused(open("c"))).toBe(true);
    ends[0]!();
    pass(999);
    expect(isRefused(open("c"))).toBe(true);
    pass(1);
    expect([isRefused(open("c")), a.destroyed, b.destroyed]).toEqual([false, true, false]);
  });

  it("are counted by client though some of its own have closed", () => {
    const { open, isRefused } = limited({ total: 9, perAddress: 3 });
    const [first, second] = [open("a"), open("a"), open("a")];
    first!.destroy();
    second!.destroy();
    // one is left: two more have room, a fourth has none
    expect([open("a"), open("a"), open("a")].map(isRefused)).toEqual([false, false, true]);
  });

  it("that close give their place back, once", () => {
    const { open, isRefused } = limited({ total: 2, perAddress: 1 });
    const a = open("a");
    expect(isRefused(open("a"))).toBe(true);
    a.destroy();
    a.emit("close");
    expect(isRefused(open("a"))).toBe(false);
    expect(isRefused(open("a"))).toBe(true);
    expect(isRefused(open("b"))).toBe(false);
    expect(isRefused(open("c"))).toBe(true);
  });

  it("that are refused are closed after a while, and at once where there are very many", async () => {
    const { open, ask, timers, isRefused } = limited({ total: 1, perAddress: 1 });
    ask(open("a"));
    const refused = Array.from({ length: 256 }, () => open("b"));
    expect(refused.every((socket) => isRefused(socket) && !socket.destroyed)).toBe(true);
    const one = open("b");
    expect([isRefused(one), one.destroyed]).toEqual([false, true]);
    timers[0]!.resolve();
    await Promise.resolve();
    expect([refused[0]!.destroyed, isRefused(refused[0]!), timers[0]!.signal?.aborted]).toEqual([true, false, true]);
    refused[1]!.destroy();
    expect([timers[1]!.signal?.aborted, isRefused(refused[1]!)]).toEqual([true, false]);
    expect(isRefused(open("b"))).toBe(true);
  });
});
