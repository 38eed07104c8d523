import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Float } from "../core/number.js";
import { viewerLink, viewerPage } from "./viewer.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-page-"));
writeFileSync(join(folder, "index.html"), "<!doctype html>");
afterAll(() => rmSync(folder, { recursive: true }));

describe("viewerPage", () => {
  const policyOf = async (dataHosts?: string[]) => {
    const page = viewerPage({ folder, dataHosts });
    const response = await page(new Request("http://localhost/viewer/"), "");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    return response.headers.get("content-security-policy")!.split("; ");
  };

  it("may fetch from its own server alone, and run its own scripts alone", async () => {
    const policy = await policyOf();
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("default-src 'none'");
    expect(policy.find((rule) => rule.startsWith("script-src"))).toBe("script-src 'self' 'unsafe-eval'");
    expect(policy.join()).not.toMatch(/https?:|\*/);
  });

  it("may fetch from hosts that are named, by their origin", async () => {
    expect(await policyOf(["https://files.example.org/a/b", "http://127.0.0.1:9000", "https:"])).toContain(
      "connect-src 'self' https://files.example.org http://127.0.0.1:9000 https:",
    );
  });

  it("takes no host that would add rules to its policy", async () => {
    expect(() => viewerPage({ folder, dataHosts: ["https://a.org; script-src *"] })).toThrow();
    expect(() => viewerPage({ folder, dataHosts: ["*"] })).toThrow();
  });
});

describe("viewerLink", () => {
  it("carries a state, or where it lies", () => {
    const state = { dimensions: { x: [new Float(1e-9), "m"] }, name: "a #%&" };
    const link = viewerLink("http://127.0.0.1:8080/viewer/", state);
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:8080\/viewer\/#!%7B/);
    expect(JSON.parse(decodeURIComponent(link.split("#!")[1]!))).toEqual({ dimensions: { x: [1e-9, "m"] }, name: "a #%&" });
    expect(viewerLink("http://h/viewer/", "http://h/files/s.json")).toBe("http://h/viewer/#!http://h/files/s.json");
  });
});
