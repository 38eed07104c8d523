import { describe, expect, it } from "vitest";
import { empiarXml } from "../../examples/portals/empiar.mjs";
import { epflPage } from "../../examples/portals/epfl.mjs";
import { filePathsTable } from "../../examples/portals/idr.mjs";
import { hemibrainState, urlSafe } from "../../examples/portals/neuroglancer.mjs";
import { fileOf, folderPage, makeTree } from "../../examples/portals/tree.mjs";
import { isEmporiumError } from "../../src/core/errors.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { imageSets } from "../../src/portals/empiar.js";
import { readDataPage } from "../../src/portals/epfl.js";
import { archiveLink, parseFilePaths } from "../../src/portals/idr-files.js";
import { parseState, stateLinks } from "../../src/portals/neuroglancer-state.js";
import { readDatasetPage } from "../../src/portals/openorganelle-page.js";
import { recognise } from "../../src/portals/registry.js";
import { readWebMetadata } from "../../src/portals/web-metadata.js";
import { xmlObject } from "../../src/portals/xml-object.js";
import { readAutoindex } from "../../src/stores/http/autoindex.js";
import { FUZZ_CASES } from "../thorough.js";

const PLACE = "https://portal.test/data/";
const state = JSON.stringify(hemibrainState());
const page = `<h6>Acquisition details</h6><p>Imaging start: Mon</p><p>DOI https://doi.org/1</p><a href="https://v/#!${encodeURIComponent(state)}">v</a>`;
const tree = makeTree([
  ["data/a b.tif", fileOf("1")],
  ["data/sub/x", fileOf("2")],
]);

/** What reads other people's texts: with the codes that it may throw, and texts that it reads. */
const READERS: [name: string, codes: string[], texts: string[], read: (text: string) => unknown][] = [
  [
    "viewer states",
    ["PORTAL_REPLY"],
    [state, urlSafe(hemibrainState()), `{'a':[1_2]_"layers":{'x':{'source':'y'}}}`],
    (text) => stateLinks(parseState(text, PLACE)),
  ],
  [
    "folder pages",
    ["STORE_PROTOCOL"],
    [folderPage(tree, "data/", "apache")!, folderPage(tree, "data/", "nginx")!],
    (text) => readAutoindex(text, PLACE).map(({ url }) => expect(url.startsWith(PLACE)).toBe(true)),
  ],
  [
    "EMPIAR's XML",
    ["PORTAL_REPLY"],
    [empiarXml(), "<a b='1'>x<![CDATA[y]]><c/></a>"],
    (text) => imageSets(xmlObject(text, PLACE), "1"),
  ],
  [
    "IDR's lists of files",
    [],
    [filePathsTable()],
    (text) =>
      parseFilePaths(text).map(({ path }) =>
        expect(archiveLink(path) ?? "https://ftp.ebi.ac.uk/pub/databases/IDR/").toMatch(
          /^https:\/\/ftp\.ebi\.ac\.uk\/pub\/databases\/IDR\//,
        ),
      ),
  ],
  ["EPFL's page", ["PORTAL_REPLY"], [epflPage()], (text) => readDataPage(text, PLACE)],
  ["OpenOrganelle's page", ["PORTAL_REPLY"], [page], (text) => readDatasetPage(text, PLACE)],
  [
    "addresses",
    ["UNKNOWN_PORTAL"],
    [
      "https://idr.openmicroscopy.org/webclient/?show=image-1|image-2",
      "EMPIAR-11759",
      "https://tinyurl.com/hemibrain-ng",
      "zarr://s3://b/x.zarr",
    ],
    (text) => recognise(text),
  ],
  [
    "web_metadata.json",
    ["CONFIG_SYNTAX", "CONFIG_FIELD"],
    [`{"epfl":{"dataset_description":"d","download_links":["https://x/ a"]},"a":{"raw_metadata":{"b":1e-9}}}`],
    (text) => readWebMetadata(text, "fuzz.json"),
  ],
];

/** Throws whatever is none of our errors, or one that this reader has no reason to throw. */
function outcome(read: (text: string) => unknown, codes: readonly string[], text: string): string {
  try {
    read(text);
    return "read";
  } catch (error) {
    if (!isEmporiumError(error) || !codes.includes(error.code)) throw error;
    return error.code;
  }
}

const PIECES = [
  "'",
  '"',
  "\\",
  "_",
  "&",
  ",",
  "{",
  "}",
  "[",
  "]",
  ":",
  "<",
  ">",
  "</",
  "<a href=",
  "<![CDATA[",
  "]]>",
  "&#",
  ";",
  "%",
  "%zz",
  "\0",
  "\ud800",
  "\ufeff",
  "\t",
  "\n",
  "../",
  "__proto__",
  "1e999",
  "#!",
  "http://[",
];

function mutated(text: string, random: Random): string {
  const at = randomInt(random, text.length + 1);
  const kind = randomInt(random, 5);
  if (kind === 0) return text.slice(0, at);
  if (kind === 1) return text.slice(0, at) + text.slice(at + 1 + randomInt(random, 8));
  if (kind === 2) return text.slice(0, at) + String.fromCharCode(randomInt(random, 0x2100)) + text.slice(at + 1);
  if (kind === 3) return text.slice(0, at) + PIECES[randomInt(random, PIECES.length)]! + text.slice(at);
  const from = randomInt(random, text.length + 1);
  return text.slice(0, at) + text.slice(from, from + randomInt(random, 60)) + text.slice(at);
}

describe.each(READERS)("%s: a value or our error", (_, codes, texts, read) => {
  it("truncated at every character", () => {
    for (const text of texts) for (let length = 0; length <= text.length; length++) outcome(read, codes, text.slice(0, length));
    for (const text of texts) expect(outcome(read, codes, text)).toBe("read");
  });

  it("random changes and splices", () => {
    const seed = Number(process.env.FUZZ_SEED ?? 66);
    const random = seededRandom(seed);
    const count = FUZZ_CASES;
    for (let round = 0; round < count; round++) {
      let text = texts[randomInt(random, texts.length)]!;
      for (let changes = 1 + randomInt(random, 6); changes > 0; changes--) text = mutated(text, random);
      try {
        outcome(read, codes, text);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      }
    }
  });

  it("a quarter of a megabyte of one piece", () => {
    for (const piece of [...PIECES, "<a>", "<p>", "<h6>", "<div>", "x ", "a\t/uod/idr/filesets/x\n", "{'a':"]) {
      outcome(read, codes, texts[0]!.slice(0, 20) + piece.repeat(Math.floor(2 ** 18 / piece.length)));
    }
  });
});
