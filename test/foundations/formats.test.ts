import { describe, expect, it } from "vitest";
import { FILE_FORMATS, FOLDER_FORMATS, titleOf } from "../../src/formats/registry.js";
import { filesBelow, readText, withoutComments } from "./sources.js";

/**
 * Who may name formats beside their table, and why. All of these are about something else than which volumes are read: where a list of formats is
 * needed, the table makes it.
 */
const MAY: readonly (readonly [why: string, paths: RegExp])[] = [
  [
    "readers and writers of one format, and the openers of those whose voxels do not lie plainly",
    /^src\/(formats\/|arrays\/loader\/openers\.ts)/,
  ],
  ["addresses and media types, below the table", /^src\/(core\/content-type|model\/volume-formats)\.ts$/],
  [
    "the portal's layout: what ingest writes, and what it is checked for",
    /^src\/(model\/(layout|annotation-files|enums)|(?:cli\/(demo-stations|ingest-convert)|server\/lineage\/value)|stations\/ingest\/(validate|verify|views|importers|ops|account)\/.*)\.ts$/,
  ],
  [
    "names that the original's programs go by",
    /^src\/(portals\/(epfl|cryoet)|stations\/(curate\/inventory\/kind|curate\/models\/tomograms-near|curate\/collect\/find-models|catalog\/frames\/[\w-]+|harvest\/records\/reference-\w+|harvest\/compare\/datasets|ingest\/laboratory\/(?:[\w-]+\/)*[\w-]+|publish\/profile\/\w+))\.ts$/,
  ],
  ["what a name of IMOD says that a stack shows", /^src\/(arrays\/plane\/facts|server\/(tilt-axis|volume-metadata))\.ts$/],
];

/** Ends that are also words of everyday code: they count where a dot or a bar stands before them. */
const ENDS = FILE_FORMATS.flatMap(({ peek, names = [] }) => (peek ? names : []));
const END = new RegExp(
  `\\\\\\.\\(?(?:\\?:)?(?:\\w+\\|)*(?:${ENDS.join("|")})\\b|\\|(?:${ENDS.join("|")})\\b(?! ?[|&]?[|&])(?=[|)?])|"\\.(?:${ENDS.join("|")})"`,
);
const TITLES = [
  ...FILE_FORMATS.filter(({ peek }) => peek).map(titleOf),
  ...Object.values(FOLDER_FORMATS).map(({ title }) => title),
];
const TITLE_LIST = new RegExp(`\\b(?:${TITLES.join("|")})(?:, | and | or )(?:${TITLES.join("|")})\\b`);

const paths = ["src", "web"].flatMap((folder) =>
  filesBelow(folder, (path) => /\.tsx?$/.test(path) && !/\.(test|d)\.tsx?$/.test(path) && !path.includes("/assembly/")),
);

describe("formats are named by their table alone", () => {
  const naming = paths.flatMap((path) => {
    const lines = withoutComments(readText(path)).split("\n");
    return lines.flatMap((line, at) => (END.test(line) || TITLE_LIST.test(line) ? [`${path}:${at + 1} ${line.trim()}`] : []));
  });

  it("nobody else lists their ends of names or their titles", () => {
    expect(naming.filter((line) => !MAY.some(([, may]) => may.test(line.split(":")[0]!)))).toEqual([]);
  });

  it("nobody asks for one format by its id", () => {
    const asking = paths.filter((path) => /formats\/registry\.js"/.test(readText(path)));
    const ids = new RegExp(`\\bid ?[!=]== ?"(?:${FILE_FORMATS.map(({ id }) => id).join("|")})"`);
    expect(asking.filter((path) => ids.test(withoutComments(readText(path))))).toEqual([]);
  });

  it.each(MAY)("%s: some do", (_, may) => {
    expect(paths.some((path) => may.test(path))).toBe(true);
  });
});
