import { describe, expect, it } from "vitest";
import { isCompiled } from "../../scripts/compiled.mjs";
import { filesBelow, readText, withoutComments } from "./sources.js";

/** A mechanism has one home: what makes it is written in one module, or in those that are named here. */
const HOMES: readonly (readonly [what: string, made: RegExp, homes: readonly string[]])[] = [
  // `doctor` starts one to see whether the machine can
  ["worker threads", /\bnew Worker\(/, ["src/cli/doctor.ts", "src/system/threads.ts"]],
  ["processes of this program's own modules", /\bfork\(/, ["src/system/processes.ts"]],
  ["where compiled JavaScript lies", /\.\.\/dist\//, ["src/system/threads.ts"]],
  [
    "work side by side in the order of the items",
    /export (async )?function\* inOrder\b|function mapLimit\b/,
    ["src/system/parallel.ts"],
  ],
  ["pauses that double", /Ms \* 2 \*\* /, ["src/net/retry.ts"]],
  ["HTTP clients of undici", /from "undici"/, ["src/net/client.ts"]],
  ["sockets that speak HTTP/1.1", /ALPNProtocols/, ["src/net/connection.ts"]],
  ["the least speed of a body", /timeouts\.bytesPerSecondMin|\bbytesPerSecondMin \* stallMs/, ["src/net/body.ts"]],
  ["following redirections", /\[301, 302, 303/, ["src/net/redirects.ts"]],
  ["the pace of a host", /\bhalvedMs\b|perSecond \/ |PER_SECOND_FREE/, ["src/net/pace.ts"]],
  ["what is a JSON object", /\b(\w+) !== null && !Array\.isArray\(\1\)/, ["src/core/json-fields.ts"]],
  [
    "the text or number of a JSON value",
    /\b(text|number)(Of|In)\b ?= ?\(?\(value: Json|function (text|number)(Of|In)\(value: Json/,
    // portals give numbers as text and text as numbers; a column of a catalogue takes some texts for numbers; metadata print as Python does
    ["src/portals/fields.ts", "src/stations/catalog/portal-import/values.ts", "src/stations/ingest/identifiers.ts"],
  ],
  ["the text of a node of a configuration", /\bscalarText\((\w+)\.value\) : undefined/, ["src/stations/ingest/config/nodes.ts"]],
  ["the number of a node of a configuration", /"scalar" \? toNumber\(/, ["src/stations/ingest/config/nodes.ts"]],
  ["names of TIFF's tags", /\b256: "|\bImageWidth: 256\b/, ["src/formats/tiff/tags.ts"]],
  ["what reports have in common", /\bexitStatus: number;\s+toText\(\): string;|\bfunction exitOf\b/, ["src/core/report.ts"]],
  ["lines of warnings", /`warning: \$\{(warning|message)\}`\)/, ["src/core/report.ts", "src/stations/ingest/ingest-report.ts"]],
  [
    "what is put where the surroundings are not given",
    /log = silentLog[,}].*clock = systemClock|clock = systemClock,.*log = silentLog/,
    ["src/engine/env.ts"],
  ],
  ["an own member", /Object\.hasOwn\(object, key\) \? object\[key\]/, ["src/core/json-fields.ts"]],
  // a set's end, the way back to a star, and a star as an expression: each makes a matcher
  ["glob matchers", /indexOf\("\]"|\bstar = part|star(At|Part)|"\*" \? "\.\*"/, ["src/core/glob.ts"]],
  ["places that are waited for", /let places = |while \(running >= \w+\) await/, ["src/system/parallel.ts"]],
  ["what was used last is kept", /\.keys\(\)\.next\(\)\.value( as \w+|!)\)/, ["src/core/recent.ts"]],
  // a ring takes several pieces at once, and pages go past the cache as they lie
  [
    "writing on where the system took a part",
    /\)\.bytesWritten\b|\{ bytesWritten \}/,
    ["src/stations/blocks/stream/shared-ring.ts", "src/stores/file/direct.ts", "src/stores/file/write-fully.ts"],
  ],
  ["collecting garbage", /--expose-gc/, ["src/system/garbage.ts"]],
  // Of folders of others, whose links may leave them: the store of files, publishing (which takes hidden files, too) and the inventory of drives, each
  // by `leavesFolder` or with links as they are. All others list folders that this program makes, or one level of names that a person gave.
  [
    "walks of folders",
    /\b(?:readdir|opendir|readdirSync|opendirSync|globSync)\(|\bfs(?:p|\.promises)?\.glob\(/,
    [
      ...["src/stores/file/list.ts", "src/stations/publish/plan/walk.ts", "src/stations/curate/inventory/list-folder.ts"],
      // folders without links: `isDirectory` and `isFile` of their entries
      "src/server/found-configs.ts",
      // which names of one level are links
      "src/server/access/seen-store.ts",
      // names alone, one level
      ...["src/stations/harvest/crop/crop.ts", "src/stations/publish/plan/source-folders.ts", "src/cli/demo-own.ts"],
      // what this program has made
      ...["src/catalog/embedded/binaries.ts", "src/catalog/embedded/fresh-folder.ts", "src/catalog/embedded/postmaster.ts"],
      ...[
        "src/catalog/embedded/template.ts",
        "src/cli/compile-cache.ts",
        "src/cli/demo-table.ts",
        "src/engine/atomic-tree.ts",
        "src/engine/journal-origin.ts",
      ],
      ...["src/engine/journal-receipts.ts", "src/engine/leftovers.ts", "src/engine/run-events.ts", "src/engine/run.ts"],
      ...["src/server/job-watch.ts", "src/server/viewer.ts", "src/stations/blocks/stream/shared-ring.ts"],
      ...["src/stations/curate/inventory/inventory-files.ts", "src/stations/curate/match/runs-source.ts"],
      ...["src/stores/file/root.ts", "src/stores/file/sync.ts", "src/stores/file/upload.ts"],
    ],
  ],
];

const paths = filesBelow("src", (path) => /\.ts$/.test(path) && !/\.(test|d)\.ts$/.test(path) && !path.includes("/assembly/"));
const sources = paths.map((path) => ({ path, code: withoutComments(readText(path)) }));

describe("one of each", () => {
  it.each(HOMES)("%s", (_, made, homes) => {
    const found = sources.filter(({ code }) => made.test(code)).map(({ path }) => path);
    expect(found.sort()).toEqual([...homes].sort());
  });

  it("threads run what is tested: dist/ is compiled of the sources as they are", () => {
    expect(isCompiled()).toBe(true);
  });
});
