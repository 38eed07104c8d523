import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  awsText,
  copickPythonText,
  copickText,
  curlText,
  emporiumText,
  type PasteText,
  pythonText,
  selectionText,
  type Wanted,
  zipText,
} from "../../web/parts/download-text.js";

/** Names that mean something to a shell, to a program's options, or to a URL. */
const NAMES = [
  "; touch x $(id)",
  "`touch x`",
  "' && touch x; '",
  '" && touch x; "',
  "a b  c",
  "-rf",
  "--exec=touch x",
  "$HOME ~ * ? [a] {b,c} !! #",
  "100% & | < > \\ ^",
  "ünï 日本語 🦠",
  "x=y",
  "%PATH%",
];
const SHELLS = ["bash", "sh"].filter((shell) => spawnSync(shell, ["-c", ":"]).status === 0);
const SERVED = {
  url: "http://127.0.0.1:8080/em",
  files: "http://127.0.0.1:8080/em/files",
  s3: "http://127.0.0.1:8080/em/s3",
  graphql: "http://127.0.0.1:8080/em/graphql",
  zip: "http://127.0.0.1:8080/em/api/v1/download/zip",
  bucket: "portal",
};

const wanted = (name: string): Wanted => ({
  kind: "run",
  items: [{ id: 71, name }],
  datasets: [10401],
  parts: [{ key: `10401/${name}/` }],
  files: [{ key: `10401/${name}/${name}.mrc`, sizeBytes: 5 }, { key: `10401/${name}/${name}.zarr/` }],
});

describe("texts of the download dialog", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-paste-"));
  const programs = join(folder, "programs");
  const log = join(folder, "log");

  beforeAll(() => {
    mkdirSync(programs);
    for (const name of ["emporium", "aws", "curl"]) {
      // each word ends with a NUL, each call with one more
      writeFileSync(join(programs, name), `#!/bin/sh\nprintf '%s\\0' ${name} "$@" >> "$LOG"\nprintf '\\0' >> "$LOG"\n`);
      chmodSync(join(programs, name), 0o755);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What programs were called with when a text is pasted. */
  function pasted(shell: string, text: PasteText): string[][] {
    const home = mkdtempSync(join(folder, "home-"));
    writeFileSync(log, "");
    const env = { PATH: `${programs}:${process.env.PATH}`, LOG: log, HOME: home };
    const { status, stderr } = spawnSync(shell, [], { input: "text" in text ? text.text : "", cwd: home, env, encoding: "utf8" });
    expect([status, stderr, readdirSync(home)]).toEqual([0, "", []]);
    return readFileSync(log, "utf8")
      .split("\0\0")
      .filter(Boolean)
      .map((call) => call.split("\0"));
  }

  describe.each(SHELLS)("A15: pasted into %s", (shell) => {
    it.each(NAMES)("the arguments of a run called %s arrive exact", (name) => {
      const one = wanted(name);
      expect(pasted(shell, emporiumText(one, SERVED))).toEqual([
        [
          ...["emporium", "harvest", "download", `s3://portal/10401/${name}/`],
          ...[
            "--portal-base",
            "portal.s3.amazonaws.com=http://127.0.0.1:8080/em/s3/portal",
            "--anonymous",
            "--dest",
            "./downloads",
          ],
        ],
      ]);
      expect(pasted(shell, awsText(one, SERVED))).toEqual([
        [
          ...["aws", "s3", "cp", "--recursive", "--no-sign-request", "--endpoint-url", "http://127.0.0.1:8080/em/s3"],
          ...[`s3://portal/10401/${name}/`, `./${name.replaceAll("\\", "_")}`],
        ],
      ]);
      expect(pasted(shell, copickText(one, SERVED))).toEqual([
        ["emporium", "catalog", "export", "copick", SERVED.url, "--dataset", "10401", "--out", "copick-10401.json"],
      ]);
      const [[...curl] = []] = pasted(shell, curlText(one, SERVED));
      expect(curl.slice(0, -1)).toEqual([
        ...["curl", "--fail", "--location", "--remote-time", "--output", `./${name.replaceAll("\\", "_")}.mrc`],
      ]);
      expect(new URL(curl.at(-1)!).pathname.split("/").map(decodeURIComponent)).toEqual([
        "",
        "em",
        "files",
        "10401",
        name,
        `${name}.mrc`,
      ]);
      expect(curl.at(-1)).not.toMatch(/[[\]{}]/); // curl takes these as patterns
    });
  });

  it.each(SHELLS)("A15: many that have one name do not overwrite each other, pasted into %s", (shell) => {
    const key = (dataset: number, name: string) => `${dataset}/TS 1/Annotations/${name}`;
    const many: Wanted = {
      kind: "annotation",
      items: [1, 2].map((id) => ({ id, name: "ribosome; id" })),
      datasets: [10401, 10403],
      parts: [10401, 10403].flatMap((dataset) => [{ key: key(dataset, "100 $(id).ndjson") }, { key: key(dataset, "100.zarr/") }]),
    };
    const ends = (calls: string[][], at: number) => calls.map((call) => call.at(at));
    expect(ends(pasted(shell, awsText(many, SERVED)), -1)).toEqual([
      "./10401/TS 1/Annotations/100 $(id).ndjson",
      "./10401/TS 1/Annotations/100.zarr",
      "./10403/TS 1/Annotations/100 $(id).ndjson",
      "./10403/TS 1/Annotations/100.zarr",
    ]);
    const curl = pasted(shell, curlText(many, SERVED));
    expect(ends(curl, -2)).toEqual(["./10401/TS 1/Annotations/100 $(id).ndjson", "./10403/TS 1/Annotations/100 $(id).ndjson"]);
    for (const call of curl) expect(call).toContain("--create-dirs");
    const { text } = pythonText(many, SERVED) as { text: string };
    expect([...text.matchAll(/makedirs\("(.*?)"/g)].map(([, into]) => into)).toEqual(["./ribosome; id 1", "./ribosome; id 2"]);
    expect(pasted(shell, emporiumText(many, SERVED))[0]!.slice(3, 7)).toEqual(
      many.parts.map((part) => `s3://portal/${part.key}`),
    );
  });

  it("names with control characters are refused in command lines: no quotes keep a terminal from taking them", () => {
    for (const name of ["tab\tx", "line\nx", "escape\x1b[201~", "\x7f", "\x9b31m", "\ud800"])
      for (const text of [emporiumText, awsText]) expect(text(wanted(name), SERVED), JSON.stringify(name)).toHaveProperty("none");
  });

  it.each(SHELLS)("of one level, emporium is told the level and AWS its folder and the metadata, pasted into %s", (shell) => {
    const parts = [{ key: "10401/TS 1/a.zarr/" }, { key: "10401/TS 1/a.mrc" }];
    const one: Wanted = { ...wanted("TS 1"), parts, files: parts, only: [["tomograms"]], level: { at: 2, path: "s 2" } };
    const [words] = pasted(shell, emporiumText(one, SERVED));
    expect(words!.slice(3, 7)).toEqual(["s3://portal/10401/TS 1/a.zarr/", "s3://portal/10401/TS 1/a.mrc", "--scale", "2"]);
    const includes = [".zattrs", ".zgroup", "zarr.json", "s 2/*"].flatMap((name) => ["--include", name]);
    const options = ["--no-sign-request", "--endpoint-url", SERVED.s3];
    expect(pasted(shell, awsText(one, SERVED))).toEqual([
      ["aws", "s3", "cp", "--recursive", "--exclude", "*", ...includes, ...options, "s3://portal/10401/TS 1/a.zarr/", "./a.zarr"],
      ["aws", "s3", "cp", ...options, "s3://portal/10401/TS 1/a.mrc", "./a.mrc"],
    ]);
    expect(awsText({ ...one, level: { at: 2, path: null } }, SERVED)).toHaveProperty("none");
  });

  it.each(SHELLS)("the zip's address says what is wanted, pasted into %s", (shell) => {
    const only = [["annotations", "ndjson", "ribosome; $(id), 'points' & masks"]];
    const items = [7, 3, 4, 5, 12, 4].map((id) => ({ id, name: "x" }));
    const [words] = pasted(shell, zipText({ ...wanted("x"), items, only, level: { at: 1, path: "1" } }, SERVED));
    expect(words!.slice(0, -1)).toEqual(["curl", "--fail", "--location", "--remote-name", "--remote-header-name"]);
    expect(words!.at(-1)).not.toMatch(/[[\]{}]/); // curl takes these as patterns
    const { searchParams, pathname } = new URL(words!.at(-1)!);
    expect(pathname).toBe("/em/api/v1/download/zip");
    expect({ ...Object.fromEntries(searchParams), only: JSON.parse(searchParams.get("only")!) }).toEqual({
      ...{ of: "run", ids: "3-5,7,12", level: "1" },
      only,
    });
  });

  it("what no address holds has no zip, and says so", () => {
    const items = Array.from({ length: 2_000 }, (_, i) => ({ id: 100_000 + 2 * i, name: "x" }));
    expect(selectionText({ ...wanted("x"), items })).toBe(undefined);
    expect(zipText({ ...wanted("x"), items }, SERVED)).toHaveProperty("none");
    expect(selectionText({ ...wanted("x"), items: items.map((_, i) => ({ id: 100_000 + i, name: "x" })) })).toBe(
      "of=run&ids=100000-101999",
    );
  });

  it("folders have no curl", () => {
    expect(curlText({ ...wanted("a"), files: undefined }, SERVED)).toHaveProperty("none");
  });

  const python = ["python3", "python"].find((name) => spawnSync(name, ["-c", ""]).status === 0);
  it.skipIf(python === undefined)("A15: the strings of the Python snippets are the names, and the snippets are Python", () => {
    const names = [...NAMES, "tab\tx", "quote'\"\\", "\u2028", "\x1b"];
    const texts = names.flatMap((name) =>
      [pythonText, copickPythonText].map((text) => (text(wanted(name), SERVED) as { text: string }).text),
    );
    const script =
      "import ast,json,sys\nprint(json.dumps([[n.value for n in ast.walk(ast.parse(text)) if isinstance(n,ast.Constant)] for text in json.load(sys.stdin)]))";
    const found = spawnSync(python!, ["-c", script], { input: JSON.stringify(texts), encoding: "utf8" });
    expect(found.stderr).toBe("");
    const strings = JSON.parse(found.stdout) as unknown[][];
    names.forEach((name, at) => {
      expect(strings[2 * at]).toContain(`./${name.replaceAll("\\", "_")}`);
      expect(strings[2 * at + 1]).toContain("copick-10401.json");
    });
    expect(existsSync(join(folder, "x"))).toBe(false);
  });
});
