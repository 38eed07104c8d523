import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../../examples/lab/generate.mjs";
import { giveCluster } from "../cluster-template.js";
import { type Newcomer, newcomer, type Running } from "./newcomer.js";

/** Two trees are served from one workspace: one after the other, both at once, and one with a workspace of its own. */
let person: Newcomer;
beforeAll(async () => {
  person = newcomer();
  for (const workspace of [".emporium", "own"]) await giveCluster(person.at(workspace));
  await generateLab({ out: person.at("lab"), deposits: ["imod", "sim"], sections: "all" });
  for (const [name, tree] of [
    ["imod", "first tree"],
    ["sim", "second"],
  ] as const) {
    const run = await person.run("ingest", "run", `lab/${name}.yaml`, "lab/input", tree, "--import-everything");
    expect(run.status, run.err).toBe(0);
  }
}, 180_000);
afterAll(() => person?.leave());

interface Served {
  url: string;
  running: Running;
}

async function serve(tree: string, ...words: string[]): Promise<Served> {
  const running = await person.start(/Serving at (http:\/\/127\.0\.0\.1:\d+) /, "serve", tree, "--port", "0", ...words);
  // warnings are written before the last lines, but to another stream
  await expect.poll(running.printed).toMatch(/\/viewer\/\n/);
  return { url: running.match[1]!, running };
}

/** Datasets as GraphQL lists them, with whether this server has their documents. */
async function datasets(url: string): Promise<Record<number, number>> {
  const query = "{ datasets(orderBy: {id: asc}) { id httpsPrefix } }";
  const answer = await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as { data: { datasets: { id: number; httpsPrefix: string }[] } };
  const status = async (address: string) => (await fetch(address)).status;
  const found = data.datasets.map(async ({ id, httpsPrefix }) => [id, await status(`${httpsPrefix}dataset_metadata.json`)]);
  return Object.fromEntries(await Promise.all(found)) as Record<number, number>;
}

async function others(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/api/v1/server`);
  return ((await answer.json()) as { catalogue: { otherDatasets: unknown } }).catalogue.otherDatasets;
}

const told = (number: number, tree: string) =>
  `warning: the catalogue also has datasets of other trees (${number}): they are listed, but their files are not in ${tree}`;
const HINT = /emporium serve '.*second' --workspace DIR, with a new DIR, gives the tree a catalogue of its own/;

// examples/lab gives its deposits these numbers
const [FIRST, SECOND] = [10401, 10405];

describe("two trees of one workspace", () => {
  it("the first one has nothing but itself; the second, served after it, tells what is not its own, and how to have it alone", async () => {
    const first = await serve("first tree");
    expect([await datasets(first.url), await others(first.url)]).toEqual([{ [FIRST]: 200 }, []]);
    expect(first.running.printed()).not.toContain("warning");
    expect(await first.running.stop()).toBe(0);

    const second = await serve("second");
    expect([await datasets(second.url), await others(second.url)]).toEqual([{ [FIRST]: 404, [SECOND]: 200 }, [FIRST]]);
    await expect.poll(second.running.printed).toMatch(HINT);
    expect(second.running.printed()).toContain(told(FIRST, "second"));
    expect(await second.running.stop()).toBe(0);
  }, 120_000);

  it("both at once, as they are in the catalogue: each has its own files, and tells of the other", async () => {
    const [first, second] = [await serve("first tree", "--no-import"), await serve("second", "--no-import")];
    expect(await Promise.all([first, second].map(({ url }) => datasets(url)))).toEqual([
      { [FIRST]: 200, [SECOND]: 404 },
      { [FIRST]: 404, [SECOND]: 200 },
    ]);
    expect(await Promise.all([first, second].map(({ url }) => others(url)))).toEqual([[SECOND], [FIRST]]);
    await expect.poll(first.running.printed).toContain(told(SECOND, "first tree"));
    for (const { running } of [first, second]) expect(await running.stop()).toBe(0);
  }, 120_000);

  it("what the hint says gives the tree alone", async () => {
    const alone = await serve("second", "--workspace", "own");
    expect([await datasets(alone.url), await others(alone.url)]).toEqual([{ [SECOND]: 200 }, []]);
    expect(alone.running.printed()).not.toContain("warning");
    expect(await alone.running.stop()).toBe(0);
  }, 120_000);
});
