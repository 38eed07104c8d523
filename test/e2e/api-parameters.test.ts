import { expect, it } from "vitest";
import type { ApiError } from "../../src/model/page-api.js";
import { servePortal } from "../../src/server/portal.js";

/** Of every address of the API, those of the next one among them: what is asked for and not done is said. */
it("a parameter that an address does not know, or has twice, is refused with its name and what is possible", async () => {
  const portal = await servePortal({ places: [], bucket: "b", version: "0" });
  try {
    const api = `${portal.url}/api/v1`;
    const { paths } = (await (await fetch(`${api}/openapi.json`)).json()) as {
      paths: Record<string, { get: { summary?: string; parameters: { name: string; in: string }[] } }>;
    };
    expect(Object.keys(paths).length).toBeGreaterThan(8);
    for (const [path, { get }] of Object.entries(paths)) {
      expect([path, get.summary]).toEqual([path, expect.any(String)]);
      const known = get.parameters.filter((one) => one.in === "query").map(({ name }) => name);
      const ask = async (query: string) => {
        const reply = await fetch(`${api}${path.replace(/\{\w+\}/g, "1")}?${query}`);
        return [path, query, reply.status, (await reply.json()) as ApiError] as const;
      };
      const hint = known.length > 0 ? `use one of ${known.join(", ")}` : expect.stringContaining("leave it out");
      const refused = (name: string) => ({ code: "USAGE", path: `?${name}`, hint, message: expect.stringContaining(name) });
      for (const name of ["step", "nonsense", "__proto__", "constructor"])
        expect(await ask(`${name}=2`)).toEqual([path, `${name}=2`, 400, refused(name)]);
      for (const name of known)
        expect(await ask(`${name}=1&${name}=2`)).toEqual([path, `${name}=1&${name}=2`, 400, refused(name)]);
    }
    // a number that is none
    for (const query of ["axis=z&at=", "axis=z&at=x", "axis=z&at=1&level=", "axis=z&at=1.5"]) {
      const reply = await fetch(`${api}/volumes/1/plane?${query}`);
      expect([query, reply.status, (await reply.json()) as ApiError]).toMatchObject([
        query,
        400,
        { code: "USAGE", path: /level/.test(query) ? "?level" : "?at" },
      ]);
    }
  } finally {
    await portal.close();
  }
});
