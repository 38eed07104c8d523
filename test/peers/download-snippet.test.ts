import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { awsText, pythonText, type Served, type Wanted, zipText } from "../../web/parts/download-text.js";
import { giveTree } from "../made-tree.js";
import { PYTHON_CODE } from "../python-code.js";
import { renameRun } from "../renamed-run.js";
import { hasEnvironment } from "./environment.js";

/** What the download dialog says for a run whose name a shell would run, run by the programs that it is for. */
const ODD = "; touch x $(id)";
const run = promisify(execFile);
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const bin = fileURLToPath(new URL("../../.cache/venv-serve/bin/", import.meta.url));

describe.skipIf(!hasEnvironment("serve"))("texts of the download dialog", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-snippet-"));
  const tree = join(folder, "tree");
  const source = join(tree, "10401", ODD);
  let server: ChildProcess;
  let served: Served;
  let wanted: Wanted;
  /** No settings of whoever runs this. */
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: folder,
    AWS_EC2_METADATA_DISABLED: "true",
    ...PYTHON_CODE,
  };

  beforeAll(async () => {
    const workspace = ["--workspace", join(folder, "workspace")];
    await giveTree({ deposits: ["imod"] }, { tree });
    renameRun(join(tree, "10401"), "TS_0002", ODD);
    server = spawn(process.execPath, [program, "serve", tree, "--port", "0", "--json", ...workspace], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    served = await new Promise<Served>((resolve, reject) => {
      let text = "";
      server.on("exit", () => reject(new Error(`serve has ended: ${text}`)));
      server.stdout!.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        if (!text.endsWith("\n}\n")) return;
        const facts = JSON.parse(text) as Served;
        resolve({ ...facts, zip: `${facts.url}/api/v1/download/zip` });
      });
    });
    const query = `{ runs(where: {name: {_eq: ${JSON.stringify(ODD)}}}) { id } }`;
    const reply = await fetch(`${served.graphql}?query=${encodeURIComponent(query)}`);
    const { data } = (await reply.json()) as { data: { runs: { id: number }[] } };
    wanted = {
      kind: "run",
      items: [{ id: data.runs[0]!.id, name: ODD }],
      datasets: [10401],
      parts: [{ key: `10401/${ODD}/` }],
    };
  }, 300_000);
  afterAll(async () => {
    if (server?.exitCode === null) {
      server.kill("SIGINT");
      await once(server, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** Files by their names alone, and what they hold. */
  const contents = (root: string): Map<string, string> =>
    new Map(
      readdirSync(root, { recursive: true, encoding: "utf8" })
        .filter((name) => statSync(join(root, name)).isFile())
        .map((name) => [relative(root, join(root, name)), readFileSync(join(root, name)).toString("base64")]),
    );

  it("A15: the Python snippet fetches the run with the official client", async () => {
    const here = join(folder, "python");
    mkdirSync(here);
    await run(join(bin, "python"), ["-W", "ignore", "-c", (pythonText(wanted, served) as { text: string }).text], {
      cwd: here,
      env,
    });
    expect(readdirSync(here)).toEqual([`./${ODD}`.slice(2)]);
    const fetched = join(here, ODD);
    const [own] = readdirSync(fetched);
    expect(contents(own === ODD ? join(fetched, ODD) : fetched)).toEqual(contents(source));
  });

  it("A15: the lines for AWS, pasted into bash and sh, fetch the run", async () => {
    for (const shell of ["bash", "sh"]) {
      const here = join(folder, shell);
      mkdirSync(here);
      await run(shell, ["-c", (awsText(wanted, served) as { text: string }).text], { cwd: here, env });
      expect(readdirSync(here)).toEqual([ODD]);
      expect(contents(join(here, ODD))).toEqual(contents(source));
    }
  });

  it("one zip, fetched by curl: unzip finds no fault in it, and its files are the run's", async () => {
    for (const shell of ["bash", "sh"]) {
      const here = join(folder, `${shell} zip`);
      mkdirSync(here);
      await run(shell, ["-c", (zipText(wanted, served) as { text: string }).text], {
        cwd: here,
        env: { ...process.env, ...env },
      });
      const [name] = readdirSync(here);
      expect(name).toBe(`run-${wanted.items[0]!.id}.zip`);
      await run("unzip", ["-tq", name!], { cwd: here });
      await run("python3", ["-m", "zipfile", "-e", name!, "."], { cwd: here });
      expect(contents(join(here, "10401", ODD))).toEqual(contents(source));
    }
  });

  it.skipIf(!hasEnvironment("peers"))(
    "one level of the volumes: zarr-python and ome-zarr open what the zip has, and AWS fetches its array",
    async () => {
      const level = { at: 1, path: "1" };
      const of: Wanted = { ...wanted, only: [["tomograms", "OME-Zarr"]], level };
      const here = join(folder, "level");
      mkdirSync(here);
      await run("bash", ["-c", (zipText(of, served) as { text: string }).text], { cwd: here, env: { ...process.env, ...env } });
      await run("python3", ["-m", "zipfile", "-e", readdirSync(here)[0]!, "."], { cwd: here });
      const [volume] = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
        /Tomograms.*\.zarr$/.test(name),
      );
      const key = `10401/${ODD}/${volume}`;
      const aws = join(here, "aws");
      mkdirSync(aws);
      const parts = [{ key: `${key}/` }];
      await run("bash", ["-c", (awsText({ ...of, parts }, served) as { text: string }).text], { cwd: aws, env });
      const copied = join(aws, readdirSync(aws)[0]!);
      const script = `
import json, sys, numpy, zarr
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader
whole, own, copied = sys.argv[1:]
found = zarr.open(own, mode="r")
image = next(iter(Reader(parse_url(own))()))
same = lambda array: bool(numpy.array_equal(numpy.asarray(array), zarr.open(whole, mode="r")["1"][:]))
print(json.dumps([sorted(found.keys()), same(found["1"]), len(image.data), same(image.data[0]), sorted(zarr.open(copied, mode="r").keys()), same(zarr.open(copied, mode="r")["1"])]))
`;
      const python = fileURLToPath(new URL("../../.cache/venv-peers/bin/python", import.meta.url));
      const { stdout } = await run(python, ["-W", "ignore", "-c", script, join(source, volume!), join(here, key), copied]);
      expect(JSON.parse(stdout)).toEqual([["1"], true, 1, true, ["1"], true]);
    },
  );
});
