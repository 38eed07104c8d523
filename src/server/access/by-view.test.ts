import { describe, expect, it } from "vitest";
import type { Access, View } from "./access.js";
import { byView, VIEWS_MAX } from "./by-view.js";

/** Answers by the view that a request names; those that were made are noted. */
function answers(make: (key: string) => Promise<Response>) {
  const made: string[] = [];
  const access = {
    viewOf: async (request: Request) => ({ key: new URL(request.url).searchParams.get("as") }),
    variesBy: () => ["authorization", "cookie"],
  } as unknown as Access;
  const handler = byView(access, async ({ key }: View) => {
    made.push(key);
    const answer = await make(key);
    return { handler: async () => answer.clone() as Response };
  });
  return { made, ask: async (as: string, path = "x") => handler(new Request(`http://lab.test/?as=${as}`), path) };
}
const saying = (text: string, headers: Record<string, string> = {}) => new Response(text, { headers });

describe("answers by what somebody may see", () => {
  it("are of one handler for each view, and never of another's", async () => {
    const { made, ask } = answers(async (key) => saying(`of ${key}`));
    for (const as of ["a", "b", "a", "b"]) expect(await (await ask(as)).text()).toBe(`of ${as}`);
    expect(made).toEqual(["a", "b"]);
    for (let i = 0; i < VIEWS_MAX; i++) await ask(`c${i}`);
    expect(await (await ask("a")).text()).toBe("of a");
    expect(made.filter((key) => key === "a").length).toBe(2);
  });

  it("that could not be made are made at the next request", async () => {
    let isBroken = true;
    const { ask } = answers(async () => {
      if (isBroken) throw new Error("the database is gone");
      return saying("it is back");
    });
    await expect(ask("a")).rejects.toThrow("the database is gone");
    isBroken = false;
    expect(await (await ask("a")).text()).toBe("it is back");
  });

  it.each([
    [undefined, "private, no-cache"],
    ["public, max-age=60", "private, max-age=60"],
    ["private, max-age=60", "private, max-age=60"],
    ["no-store", "no-store"],
  ])("are kept by no shared cache: %s", async (given, told) => {
    const { ask } = answers(async () => saying("", given === undefined ? {} : { "cache-control": given }));
    const { headers } = await ask("a");
    expect([headers.get("cache-control"), headers.get("vary")]).toEqual([told, "authorization, cookie"]);
  });

  it("but parts of the program are the same for everybody", async () => {
    const { ask } = answers(async () => saying("", { "cache-control": "public, max-age=60" }));
    for (const path of ["assets/a.js", "viewer/main.js", "brand/logo"]) {
      const { headers } = await ask("a", path);
      expect([headers.get("cache-control"), headers.get("vary")]).toEqual(["public, max-age=60", null]);
    }
    expect((await ask("a", "api/assets/a.js")).headers.get("cache-control")).toBe("private, max-age=60");
  });
});
