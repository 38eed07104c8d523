import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { model, sidecar, tomogram } from "../../examples/archive/model.mjs";
import { isEmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { decodeFolder, decodeHead, encodeFolder } from "../../src/stations/curate/inventory/folder-record.js";
import { readHead } from "../../src/stations/curate/inventory/read-head.js";
import { parseVocabulary } from "../../src/stations/curate/labels/vocabulary.js";
import { parseDecisions } from "../../src/stations/curate/match/decisions.js";
import { matchesCsv, parseMatches } from "../../src/stations/curate/match/match-row.js";
import { parseRuns } from "../../src/stations/curate/match/read-runs.js";
import { FUZZ_CASES } from "../thorough.js";

const decoder = new TextDecoder("windows-1252");
const text = (bytes: Uint8Array) => decoder.decode(bytes);

type Parser = { read(bytes: Uint8Array): unknown; corpus: string[] };

const PARSERS: Record<string, Parser> = {
  "lists of runs": {
    read: (bytes) => parseRuns(text(bytes), "fuzz"),
    corpus: [
      '{"data":{"runs":[{"id":7250,"name":"a","dataset":{"id":10052,"title":"t"}}]}}',
      '{"10052":{"title":"t","organism":"o","runs":["a",{"id":7250,"name":"b"}]}}',
      'name,id,dataset_id\r\n"a ""b""",7250,10052\r\n',
      "mka2019-05-25-10\n# x\nTS_01\n",
    ],
  },
  matches: {
    read: (bytes) => parseMatches(bytes, "fuzz"),
    corpus: [
      matchesCsv([
        {
          archiveRun: "a",
          portalRun: "b",
          portalRunId: "1",
          path: '/x "y"',
          rule: "exact",
          score: 1,
          status: "matched",
          datasetId: "9",
        },
      ]).toString("latin1"),
      "sc_run_name,CZI_run_name,CZI_run_id\na,b,1\n",
    ],
  },
  decisions: {
    read: (bytes) => parseDecisions(bytes, "fuzz"),
    corpus: ["archive_path,portal_run_id,decision,who,note\n/d/a,7,accept,me,\n"],
  },
  "vocabulary.yaml": {
    read: (bytes) => parseVocabulary(text(bytes), "fuzz.yaml"),
    corpus: ["labels:\n  - name: x\n    aliases: [a, b]\n    ontology: GO:1\n    status: known\nautomatic:\n  - name: a*\n"],
  },
  "vocabulary.csv": {
    read: (bytes) => parseVocabulary(text(bytes), "fuzz.csv"),
    corpus: ["name,aliases,meaning,ontology,status,note\nx,a|b,m,GO:1,known,n\n"],
  },
};

function outcome(parser: Parser, bytes: Uint8Array): string {
  try {
    parser.read(bytes);
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    expect(error.facts.place?.file ?? "fuzz").toMatch(/^fuzz/);
    return error.code;
  }
}

function mutated(bytes: Uint8Array, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const copy = [...bytes];
  for (let i = 1 + randomInt(random, 4); i > 0 && copy.length > 0; i--) {
    const at = randomInt(random, copy.length);
    const kind = randomInt(random, 4);
    if (kind === 0) copy[at] = randomInt(random, 256);
    else if (kind === 1) copy.splice(at, 1 + randomInt(random, 8));
    else if (kind === 2) copy.splice(at, 0, ...copy.slice(at, at + randomInt(random, 16)));
    else
      copy.splice(
        at,
        0,
        ...Buffer.from(['"', "\n", "[", "{", "null", "1e999", "__proto__", "&a *a", "\u0000", ","][randomInt(random, 10)]!),
      );
  }
  return Uint8Array.from(copy);
}

describe.each(Object.entries(PARSERS))("%s", (_, parser) => {
  const corpus = parser.corpus.map((one) => Buffer.from(one, "latin1"));
  it("cut anywhere give a value or an error of ours", () => {
    const seen = new Set(
      corpus.flatMap((bytes) => Array.from(bytes, (_byte, length) => outcome(parser, bytes.subarray(0, length)))),
    );
    expect(seen.size).toBeGreaterThan(1);
  });

  it("changed anywhere give a value or an error of ours", () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < FUZZ_CASES; seed++) seen.add(outcome(parser, mutated(corpus[seed % corpus.length]!, seed)));
    expect(seen).toContain("read");
    expect(seen.size).toBeGreaterThan(1);
  });
});

describe("blocks of an inventory", () => {
  const block = encodeFolder({
    path: 'a "b"',
    mtimeUs: 1,
    ctimeUs: 2,
    settled: false,
    folders: ["c"],
    files: [
      ["x.mod", 3, 4, { head: { format: "appledouble" } }],
      ["y", 0, 1, { type: "link" }],
    ],
    failure: { errno: "EACCES", names: 1 },
  });

  it("cut or changed anywhere are read or left out", () => {
    const bytes = Buffer.from(block);
    const tries = [
      ...Array.from(bytes, (_, length) => bytes.subarray(0, length)),
      ...Array.from({ length: FUZZ_CASES }, (_, seed) => Buffer.from(mutated(bytes, seed))),
    ];
    let left = 0;
    for (const one of tries) {
      decodeHead(one);
      if (!decodeFolder(one.toString())) left++;
    }
    expect(left).toBeGreaterThan(bytes.length - 2);
    expect(decodeFolder(block)).toBeDefined();
  });
});

describe("heads of files", () => {
  const base = mkdtempSync(join(tmpdir(), "emporium-heads-"));
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  it.each([
    [
      "x.mod",
      model({ name: "MS", max: [9, 9, 9], points: [[1, 2, 3]], slicers: [{ angles: [1, 2, 3], center: [4, 5, 6], label: "l" }] }),
    ],
    ["x.rec", tomogram([4, 4, 2], 5, 1)],
    ["x.prm", sidecar().subarray(0, 100)],
  ])("%s cut or changed anywhere has facts or a reason", async (name, bytes) => {
    const path = join(base, name);
    const formats = new Set<string>();
    const lengths = Array.from({ length: Math.min(bytes.length, 1100) }, (_, at) => at);
    for (const length of lengths) {
      writeFileSync(path, bytes.subarray(0, length));
      formats.add((await readHead(path)).format);
    }
    for (let seed = 0; seed < FUZZ_CASES; seed++) {
      writeFileSync(path, mutated(bytes, seed));
      formats.add((await readHead(path)).format);
    }
    expect(formats).toContain("damaged");
    expect(formats.has("unread")).toBe(false);
  });
});
