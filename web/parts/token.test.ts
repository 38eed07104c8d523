import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepToken, signed, takeToken } from "./token.js";

let kept: Map<string, string>;
let addresses: string[];
beforeEach(() => {
  kept = new Map();
  addresses = [];
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  });
  vi.stubGlobal("history", { replaceState: (_state: unknown, _title: string, to: string) => addresses.push(to) });
});
afterEach(() => vi.unstubAllGlobals());
const opened = (hash: string) => {
  vi.stubGlobal("location", { hash, pathname: "/em/runs", search: "?q=1" });
  takeToken();
};

describe("(35.2) the token of an address", () => {
  it("is kept for this tab, and taken out of the address", () => {
    opened("#token=abc-_.~!");
    expect([[...kept], addresses]).toEqual([[["token", "abc-_.~!"]], ["/em/runs?q=1"]]);
    opened("#token=second rest");
    expect([kept.get("token"), addresses.length]).toEqual(["second", 2]);
  });

  it.each(["", "#", "#token=", "#other=token=x", "#xtoken=y", "#token= x"])("is not %j, and the address stays", (hash) => {
    opened(hash);
    expect([kept.size, addresses]).toEqual([0, []]);
  });

  it("is brought with a request, beside what that brings itself, and not where there is none", () => {
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    expect(signed(init)).toBe(init);
    expect(signed()).toBeUndefined();
    keepToken("abc");
    expect(signed(init)).toEqual({
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer abc" },
      credentials: "include",
    });
    expect(signed()).toEqual({ headers: { authorization: "Bearer abc" }, credentials: "include" });
    keepToken("");
    expect(signed(init)).toBe(init);
  });

  it("is none in a browser that keeps nothing, where the page reads only", () => {
    vi.stubGlobal("sessionStorage", undefined);
    Object.defineProperty(globalThis, "sessionStorage", {
      configurable: true,
      get: () => {
        throw new Error("SecurityError");
      },
    });
    opened("#token=abc");
    keepToken("abc");
    expect([signed({ method: "GET" }), addresses]).toEqual([{ method: "GET" }, ["/em/runs?q=1"]]);
  });
});
