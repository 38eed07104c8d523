import { describe, expect, it } from "vitest";
import { mounted, refusal } from "./handler.js";

const says = (name: string) => async (_request: Request, path: string) => new Response(`${name}:${path}`);
const app = mounted({ "/files/": says("files"), "/files/deep/": says("deep"), "/viewer/": says("viewer") });
const ask = async (path: string) => app(new Request(`http://localhost/${path}`), path.replace(/\?.*/, ""));

describe("mounted", () => {
  it.each([
    ["files/a/b", "files:a/b"],
    ["files/", "files:"],
    ["files/deep/x", "deep:x"],
    ["files/deeper", "files:deeper"],
    ["viewer/%2e", "viewer:%2e"],
  ])("%s", async (path, expected) => expect(await (await ask(path)).text()).toBe(expected));

  it("leads a folder without its last slash to the one with it, queries included", async () => {
    const { status, headers } = await ask("viewer?a=1");
    expect([status, headers.get("location")]).toEqual([308, "viewer/?a=1"]);
  });

  it.each(["", "other", "viewers/x", "/evil.example.org", "/evil.example.org/"])("finds nothing at %j", async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  it("lets a handler have everything that no other has", async () => {
    const all = mounted({ "/": says("root"), "/files/": says("files") });
    expect(await (await all(new Request("http://localhost/x"), "x")).text()).toBe("root:x");
    expect((await all(new Request("http://localhost/files"), "files")).headers.get("location")).toBe("files/");
  });

  it("refuses mounts that would never fit", () => {
    expect(() => mounted({ "/files": says("x") })).toThrow('begins and ends with "/"');
  });
});

describe("refusal", () => {
  it("is plain text that is not kept", async () => {
    const response = refusal(416, "too far", { "content-range": "bytes */5" });
    expect(await response.text()).toBe("416 too far\n");
    expect(Object.fromEntries(response.headers)).toEqual({
      "cache-control": "no-store",
      "content-range": "bytes */5",
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
    });
  });
});
