import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { makeLog } from "../../core/log.js";
import { servedMemory } from "../memory-shares.js";
import { servedByView } from "./served.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-served-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What is said of rules that are empty, once somebody has asked: while a catalogue is in this state, or without one. */
async function saidWhile(...states: (string | undefined)[]): Promise<number[]> {
  const file = join(folder, "access.yaml");
  writeFileSync(file, "", { mode: 0o600 });
  const said: string[] = [];
  let state = states[0];
  const pool = { query: async () => ({ rows: [{ version: "1" }] }) };
  const catalogue = state === undefined ? undefined : { pool, state: () => ({ state }) };
  const { handler } = await servedByView({
    ...{ file, memory: servedMemory(2 ** 28), clock: manualClock(1), base: "/", origin: undefined },
    sources: { places: [], catalogue: catalogue as never, microscopy: undefined },
    handlerOf: () => ({ api: async () => new Response(), handler: async () => new Response() }),
    log: makeLog((level, message) => void said.push(`${level}: ${message.replaceAll(file, "FILE")}`)),
  });
  const counts: number[] = [];
  for (state of states) {
    await handler(new Request("http://lab.test/"), "");
    counts.push(said.filter((one) => one === "warn: FILE is empty: everybody sees everything").length);
  }
  return counts;
}

it("what a person may not have meant by the rules is said once, and not before the catalogue is there", async () => {
  expect(await saidWhile(undefined, undefined)).toEqual([1, 1]);
  expect(await saidWhile("importing", "importing", "ready", "ready")).toEqual([0, 0, 1, 1]);
});
