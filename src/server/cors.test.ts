import { describe, expect, it } from "vitest";
import { corsPolicy, withCors } from "./cors.js";
import { type Handler, refusal } from "./handler.js";

const files: Handler = async (_, path) =>
  path === "none"
    ? refusal(404, "no such file")
    : new Response("data", { headers: { "cross-origin-resource-policy": "same-origin" } });
const ask = (origins: string[], init: RequestInit = {}, path = "x") =>
  withCors(corsPolicy(origins), files)(new Request("http://127.0.0.1:8080/files/x", init), path);
const from = (origin: string, more: Record<string, string> = {}): RequestInit => ({ headers: { origin, ...more } });
const PREFLIGHT = { "access-control-request-method": "GET", "access-control-request-headers": "range" };

describe("seam 22: pages of other origins", () => {
  it("read nothing where nobody lets them, whatever they ask", async () => {
    for (const init of [
      from("https://page.test"),
      from("null"),
      { ...from("http://localhost:1", PREFLIGHT), method: "OPTIONS" },
    ]) {
      const { headers } = await ask([], init);
      expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
      expect(headers.get("cross-origin-resource-policy")).not.toBe("cross-origin");
    }
  });

  it("read where they are named, each by its own name, refusals too", async () => {
    const named = ["https://a.test", "http://b.test:3000/"];
    for (const path of ["x", "none"]) {
      const { headers } = await ask(named, from("http://b.test:3000"), path);
      expect(headers.get("access-control-allow-origin")).toBe("http://b.test:3000");
      expect(headers.get("access-control-allow-credentials")).toBeNull();
      expect(headers.get("access-control-expose-headers")).toContain("Content-Range");
      expect(headers.get("vary")).toBe("Origin");
    }
    for (const other of ["https://a.test.evil.test", "http://a.test", "https://b.test:3000", "null", "https://a.test:444"]) {
      const { headers } = await ask(named, from(other));
      expect([headers.get("access-control-allow-origin"), headers.get("vary")], other).toEqual([null, "Origin"]);
    }
  });

  it("are all let in by *, and nobody comes with credentials", async () => {
    const { headers } = await ask(["*"], from("https://page.test"));
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  });

  it("learn before they ask what they may send, also to a machine of a private network", async () => {
    const more = { ...PREFLIGHT, "access-control-request-private-network": "true" };
    const { status, headers } = await ask(["https://a.test"], { ...from("https://a.test", more), method: "OPTIONS" });
    expect([status, headers.get("access-control-allow-origin")]).toEqual([204, "https://a.test"]);
    expect(headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST, OPTIONS");
    expect(headers.get("access-control-allow-headers")).toMatch(/\bContent-Type, Range\b/);
    expect(headers.get("access-control-allow-private-network")).toBe("true");
  });

  it("(35.2) are told of a private network only where they ask for one", async () => {
    for (const more of [PREFLIGHT, { ...PREFLIGHT, "access-control-request-private-network": "false" }]) {
      const { headers } = await ask(["*"], { ...from("https://a.test", more), method: "OPTIONS" });
      expect(headers.get("access-control-allow-private-network")).toBeNull();
      expect([headers.get("access-control-allow-origin"), headers.get("access-control-max-age")]).toEqual(["*", "600"]);
    }
  });

  it.each(["POST", "DELETE", "PUT", "PATCH"])("(35.2) have no part in what changes something: %s", async (method) => {
    const names = (headers: Headers) => [...headers.keys()].filter((name) => name.startsWith("access-control-"));
    const asked = { ...PREFLIGHT, "access-control-request-method": method };
    const before = await ask(["*"], { ...from("https://a.test", asked), method: "OPTIONS" }, "api/v1/jobs");
    expect([before.status, names(before.headers)]).toEqual([204, []]);
    const { headers } = await ask(["*"], { ...from("https://a.test"), method }, "api/v1/jobs");
    expect([names(headers), headers.get("cross-origin-resource-policy")]).toEqual([[], "same-origin"]);
    // and reading the same address is what --cors is for
    const read = await ask(["*"], from("https://a.test"), "api/v1/jobs");
    expect(read.headers.get("access-control-allow-origin")).toBe("*");
    // GraphQL's questions are no changes
    expect((await ask(["*"], { ...from("https://a.test"), method }, "graphql")).headers.get("access-control-allow-origin")).toBe(
      "*",
    );
  });

  it.each(["page.test", "https://page.test/x", "https://user@page.test", "ftp://page.test", "null", "https://*.page.test/?", ""])(
    "are origins: %j is none",
    (text) => expect(() => corsPolicy([text])).toThrow("expected an origin as https://viewer.example.org"),
  );
});
