import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { validationDocument } from "../../src/stations/ingest/validate/report/document.js";
import { validationPage } from "../../src/stations/ingest/validate/report/html.js";
import { validationText } from "../../src/stations/ingest/validate/report/text.js";
import { removeTempFolders } from "../e2e/ingest-run-kit.js";
import { ingestedLab, inMemoryTree, type Loose, mend, standardized, type Tree } from "../e2e/validate-kit.js";
import { FUZZ_CASES } from "../thorough.js";

/**
 * A tree whose files are damaged in any way is still judged to its end: whatever stands in a document, header or table is a finding, never
 * the end of the program.
 */
const seed = Number(process.env.FUZZ_SEED ?? 64);
/** A case judges a whole tree, which takes as long as a hundred of other suites. */
const cases = Math.ceil(FUZZ_CASES / 4);
/** One run with one annotation of each kind: the whole of it is judged in some milliseconds. */
const WANTED =
  /^(depositions_metadata\/|10401\/(dataset_metadata|Images)|10401\/TS_0002\/(?!.*Annotations)|10401\/TS_0002\/.*\/Annotations\/(100|102|108|111)\/|10405\/TS_1\/.*Annotations\/101\/)/;
let tree: Tree;
let keys: string[];

beforeAll(async () => {
  const { output } = await ingestedLab(["imod", "sim", "annotations"]);
  tree = await inMemoryTree(output);
  await mend(tree);
  for (const key of await tree.keys()) if (!WANTED.test(key)) await tree.remove(key);
  tree.keep();
  keys = (await tree.keys()).filter((key) => !/\.zarr\/\d+\/\d+\//.test(key));
});
afterEach(() => tree.restore());
afterAll(removeTempFolders);

const HOSTILE: Loose[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  2 ** 53,
  "",
  "text",
  "../../etc/passwd",
  "/absolute",
  "a\u0000b",
  "__proto__",
  "http://127.0.0.1/x.png",
  "<script>",
  [],
  [[]],
  [null],
  {},
  { x: {} },
  { x: 1, y: null, z: "3" },
];

/** One value of a document, wherever it is, by another. */
function changed(value: Loose, random: Random): Loose {
  const isContainer = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  if (!isContainer || random() < 0.15) return HOSTILE[randomInt(random, HOSTILE.length)];
  const names = Object.keys(value);
  const name = names[randomInt(random, names.length)]!;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (random() < 0.1) {
    if (Array.isArray(copy)) copy.splice(Number(name), 1);
    else delete copy[name];
  } else copy[name] = changed(value[name], random);
  return copy;
}

async function damage(key: string, random: Random): Promise<void> {
  const body = await tree.read(key);
  const isDocument = /\.(json|ndjson)$|\/\.z\w+$/.test(key);
  if (isDocument && !key.endsWith(".ndjson") && random() < 0.8) {
    await tree.write(key, JSON.stringify(changed(JSON.parse(new TextDecoder().decode(body)), random)));
  } else if (key.endsWith(".ndjson") && random() < 0.8) {
    const lines = new TextDecoder().decode(body).trim().split("\n");
    const at = randomInt(random, lines.length);
    lines[at] = JSON.stringify(changed(JSON.parse(lines[at]!), random));
    await tree.write(key, lines.join("\n"));
  } else if (random() < 0.2) await tree.write(key, body.slice(0, randomInt(random, body.length)));
  else if (random() < 0.1) await tree.remove(key);
  else {
    const bytes = body.slice();
    // headers and the beginning of texts
    const reach = Math.min(bytes.length, 1200);
    for (let i = 1 + randomInt(random, 4); i > 0; i--) bytes[randomInt(random, reach)] = randomInt(random, 256);
    await tree.write(key, bytes);
  }
}

describe("a damaged tree", () => {
  it(`is judged to its end, ${cases} times`, { timeout: 60_000 + 400 * cases }, async () => {
    const random = seededRandom(seed);
    let findings = 0;
    for (let round = 0; round < cases; round++) {
      try {
        const chosen = new Set(Array.from({ length: 1 + randomInt(random, 3) }, () => keys[randomInt(random, keys.length)]!));
        for (const key of chosen) await damage(key, random);
        const validation = await standardized(tree);
        findings += validation.findings.length;
        for (const { check, key, message } of validation.findings)
          expect([typeof check, typeof key, typeof message]).toEqual(["string", "string", "string"]);
        JSON.parse(JSON.stringify(validationDocument(validation)));
        expect(validationPage(validation, "/data/report.html")).not.toMatch(/<script/i);
        expect(validationText(validation)).not.toContain("undefined:");
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      }
      await tree.restore();
    }
    expect(findings).toBeGreaterThan(cases / 2);
  });
});
