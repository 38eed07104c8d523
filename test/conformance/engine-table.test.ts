import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ENGINES } from "../../src/engine/cluster/engine-names.js";
import { engineTable, LACKS, PLAYED, REAL } from "./engine-rows.js";

it("the page about engines tells what the suites run", async () => {
  await expect(engineTable()).toMatchFileSnapshot("../../docs/reference/engines.md");
});
it("the guide says of each engine whether the real one was tried", () => {
  const guide = readFileSync(new URL("../../docs/guides/clusters.md", import.meta.url), "utf8");
  const told = new Map([...guide.matchAll(/^\| `([a-z-]+)` \| .* \| (.*) \|$/gm)].map(([, name, words]) => [name!, words!]));
  for (const engine of ENGINES.filter((name) => name !== "local")) {
    const real = (REAL as readonly string[]).includes(engine);
    expect([engine, /^a real\b/.test(told.get(engine) ?? "")]).toEqual([engine, real]);
    if (!real && engine !== "command") expect(told.get(engine)).toMatch(/never/);
  }
});
it("an engine is in the suites, or said to lack what they ask", () => {
  for (const engine of ENGINES.filter((name) => name !== "local")) {
    expect([...REAL, ...PLAYED], engine).toContain(engine);
  }
  expect(Object.keys(LACKS).every((engine) => (ENGINES as readonly string[]).includes(engine))).toBe(true);
});
