import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMMANDS, GROUPS, RESERVED } from "../../src/cli/registry.js";
import { emporium } from "./cli-host.js";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };

const lines = (...text: string[]) => `${text.join("\n")}\n`;

describe("the frame", () => {
  it.each([[["--version"]], [["-V"]], [["--json", "--version"]]])("prints the version for %j", async (words) => {
    const { status, out, err } = await emporium(words);
    expect([status, err]).toEqual([0, ""]);
    expect(out).toBe(`${version}\n`);
  });

  it.each([[["--help"]], [["-h"]], [["help"]], [["--quiet", "--help"]]])("lists the commands for %j", async (words) => {
    const { status, out, err } = await emporium(words);
    expect([status, err]).toEqual([0, ""]);
    for (const { name, summary } of COMMANDS) expect(out).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
  });

  it.each(Object.keys(GROUPS))("lists the commands of %s", async (group) => {
    const asked = await Promise.all(
      [
        [group, "--help"],
        ["help", group],
      ].map((words) => emporium(words)),
    );
    expect(asked[0]).toEqual(asked[1]);
    expect(asked[0]!.out).toContain(`emporium ${group} <command>`);
  });

  it.each(COMMANDS.map(({ name }) => name))("explains %s, in three spellings of the question", async (name) => {
    const words = name.split(" ");
    const [first, ...others] = await Promise.all(
      [
        [...words, "--help"],
        ["help", ...words],
        [...words, "a", "b", "-h"],
      ].map((asked) => emporium(asked)),
    );
    expect([first!.status, first!.err]).toEqual([0, ""]);
    expect(first!.out).toMatch(new RegExp(`^Usage: emporium ${name} `, "m"));
    for (const other of others) expect(other).toEqual(first);
  });

  it.each<[words: string[], message: string, hint: string]>([
    [[], "emporium needs a subcommand", "see emporium --help for the commands"],
    [["ingest"], "emporium ingest needs a subcommand", "see emporium ingest --help for the commands"],
    [["docter"], 'emporium has no command "docter"', "did you mean emporium doctor?"],
    [["ingest", "rnu", "a"], 'emporium has no command "ingest rnu"', "did you mean emporium ingest run?"],
    [["igest"], 'emporium has no command "igest"', "did you mean emporium ingest?"],
    [
      ["validate", "x"],
      'emporium has no command "validate"',
      "did you mean emporium ingest validate or emporium ingest queue validate?",
    ],
    [["blocks", "package"], 'emporium has no command "blocks package"', "did you mean emporium curate package?"],
    [["download"], 'emporium has no command "download"', "did you mean emporium harvest download or emporium catalog download?"],
    [["help", "wibble"], 'emporium has no command "wibble"', "see emporium help for the commands"],
    [["constructor"], 'emporium has no command "constructor"', "see emporium help for the commands"],
    [
      ["ingest", "run", "a", "b"],
      "ingest run needs OUTPUT: folder or bucket of the standardised tree",
      "write emporium ingest run CONFIG.yaml INPUT OUTPUT; see emporium ingest run --help",
    ],
    [
      ["ingest", "watch", "session", "portal"],
      "ingest watch needs OUTPUT: folder or bucket of the standardised tree",
      "write emporium ingest watch CONFIG.yaml INPUT OUTPUT; a CONFIG.yaml that is not there yet is made of the first tilt series with --profile FILE, or by emporium ingest new --from INPUT --out CONFIG.yaml",
    ],
    [
      ["doctor", "x"],
      'unexpected argument "x"; doctor takes only options',
      "give an option, such as --database URL, --login FILE; see emporium doctor --help",
    ],
    [["doctor", "--jsno"], "doctor has no option --jsno", "did you mean --json?"],
    [["--workspace", "w", "completion", "zhs"], 'shell: expected one of bash, zsh, fish, found "zhs"', "did you mean zsh?"],
  ])("refuses %j with status 2 and a hint", async (words, message, hint) => {
    expect(await emporium(words)).toEqual({ status: 2, out: "", err: lines(`error[USAGE]: ${message}`, `  hint: ${hint}`) });
  });

  it.each(RESERVED)("says plainly that %s is not in this version", async (name) => {
    const { status, out, err } = await emporium([...name.split(" "), "x", "--y"]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(
      new RegExp(`^error\\[NOT_BUILT\\]: emporium \\S+ has no ${name}: it comes with a later version\n  hint: `),
    );
  });
});

describe("--codec", () => {
  it.each([
    ["ingest", "convert", "none.mrc", "out"],
    ["ingest", "run", "c.yaml", "in", "out"],
  ])("%s %s refuses what OME-Zarr 0.4 is not written with", async (...words) => {
    const { status, err } = await emporium([...words, "--codec", "zstd"]);
    expect([status, err.split("\n")[0]]).toEqual([
      2,
      "error[USAGE]: --codec zstd: OME-Zarr 0.4 is written with blosc-lz4 only, as the portal has it",
    ]);
  });
});

describe("--json", () => {
  it("gives errors as a document on stdout, beside the lines on stderr", async () => {
    const { status, out, err } = await emporium(["doctor", "--json", "--nonsense"]);
    expect([status, JSON.parse(out)]).toEqual([
      2,
      {
        status: "failed",
        errors: [{ code: "USAGE", message: "doctor has no option --nonsense", hint: "see emporium doctor --help" }],
      },
    ]);
    expect(err).toMatch(/^error\[USAGE\]/);
  });

  it("may stand before the command", async () => {
    const { status, out } = await emporium(["--json", "completion", "bash"]);
    expect([status, Object.keys(JSON.parse(out) as object)]).toEqual([0, ["shell", "script", "errors"]]);
  });

  it("is a word and no option behind --", async () => {
    const { out, err } = await emporium(["completion", "--", "--json"]);
    expect([out, err.split("\n")[0]]).toEqual(["", 'error[USAGE]: shell: expected one of bash, zsh, fish, found "--json"']);
  });
});

describe("secrets", () => {
  const env = {
    AWS_ACCESS_KEY_ID: "AKIACANARY000001",
    AWS_SECRET_ACCESS_KEY: "canary/secret+2",
    AWS_SESSION_TOKEN: "canary-token-3",
  };
  const canaries = [...Object.values(env), ...Object.values(env).map(encodeURIComponent), "hunter22"];

  it.each([
    [["doctor"]],
    [["doctor", "--json", "--verbose"]],
    [
      [
        "ingest",
        "run",
        "canary/secret+2",
        "s3://b/?X-Amz-Signature=hunter22",
        "canary-token-3",
        "--jobs",
        "AKIACANARY000001",
        "--json",
      ],
    ],
    [["ingest", "run", "a", "b", "c", "--https-prefix", "ftp://me:hunter22@host/", "--verbose", "--log-json"]],
    [["canary-token-3", "--verbose"]],
    [["completion", "canary/secret+2", "--log-json"]],
  ])("never come out of %j", async (words) => {
    const { out, err } = await emporium(words, { env });
    expect(out + err).not.toBe("");
    for (const canary of canaries) expect(out + err).not.toContain(canary);
  });
});

describe("--verbose", () => {
  it("is understood in a bundle of short options", async () => {
    expect((await emporium(["doctor", "-qv", "--no"])).err).toMatch(/\n\s+at .*flags\.ts/);
    expect((await emporium(["doctor", "-qv"])).status).toBe(0);
  });

  it("adds the stack of an error, which is not shown without", async () => {
    expect((await emporium(["doctor", "--no"])).err).not.toMatch(/\n\s+at .*\.ts/);
    expect((await emporium(["doctor", "--no", "--verbose"])).err).toMatch(/\n\s+at .*flags\.ts/);
  });
});
