import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { choiceOfText, FACETS, type ListedKind, whereOf } from "../../src/model/facet-choice.js";
import type { Facets, VolumeFacts } from "../../src/model/page-api.js";
import { type Asked, type CatalogueQuestion, type PageCommand, waysOf } from "../../web/parts/command-text.js";
import { runQuery, runsQuery } from "../../web/queries/generated.js";
import { accessLab, fileOf } from "../e2e/access-kit.js";
import { giveTree } from "../made-tree.js";
import { hasEnvironment, type PythonEnvironment } from "./environment.js";

/** What the pages offer to other programs, run by them; beside it, what the server answers to a question of our own. */
const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "dist/cli/main.js");
const KINDS = ["datasets", "runs", "annotations"] as const satisfies readonly ListedKind[];

const textOf = (command: PageCommand, name: string, server: Asked): string => {
  const way = waysOf(command, server).find((one) => one.name === name);
  if (way === undefined) throw new Error(`no text for ${name}`);
  return way.text;
};
const shell = async (text: string, env: NodeJS.ProcessEnv = {}): Promise<string> =>
  (await run("bash", ["-c", text], { env: { ...process.env, ...env } })).stdout;

/** What the line of emporium prints, with this build. */
const inspected = (text: string, folder: string, env?: NodeJS.ProcessEnv) =>
  shell(`${text.replace(/^emporium /, `${process.execPath} ${program} `)} --workspace ${folder}`, env);

/** What each of these texts prints. */
function printed<N extends string>(
  environment: PythonEnvironment,
  texts: Readonly<Record<N, string>>,
  env: NodeJS.ProcessEnv = {},
): Promise<Record<N, string>> {
  const words = ["-W", "ignore", join(root, "test/peers/python/run_texts.py")];
  const going = run(join(root, `.cache/venv-${environment}/bin/python`), words, { env: { ...process.env, ...env } });
  going.child.stdin!.end(JSON.stringify(texts));
  return going.then(({ stdout }) => JSON.parse(stdout) as Record<N, string>);
}

describe.skipIf(!hasEnvironment("peers"))("commands of pages", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-page-commands-"));
  let child: ChildProcess;
  let server: Asked;
  beforeAll(async () => {
    await giveTree({ deposits: ["imod"] }, { tree: join(folder, "tree") });
    const words = ["serve", join(folder, "tree"), "--port", "0", "--json", "--workspace", join(folder, "workspace")];
    child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "inherit"] });
    const url = await new Promise<string>((resolve, reject) => {
      let text = "";
      child.on("exit", () => reject(new Error(`serve has ended: ${text}`)));
      child.stdout!.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        if (text.endsWith("\n}\n")) resolve((JSON.parse(text) as { url: string }).url);
      });
    });
    server = { base: new URL(`${url}/`), isKnown: false };
  }, 300_000);
  afterAll(async () => {
    if (child?.exitCode === null) {
      child.kill("SIGINT");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const get = async <T>(path: string): Promise<T> => (await fetch(new URL(path, server.base))).json() as Promise<T>;
  const asks = async <T>(query: string, variables: object = {}): Promise<T> => {
    const body = JSON.stringify({ query, variables });
    const reply = await fetch(new URL("graphql", server.base), {
      ...{ method: "POST", headers: { "content-type": "application/json" }, body },
    });
    const { data, errors } = (await reply.json()) as { data: T; errors?: unknown };
    expect(errors).toBeUndefined();
    return data;
  };

  it("curl and Python get what the page has asked the server and the catalogue", async () => {
    const ask = { ask: "search?q=TS_0001+%22a%26b%22" };
    const wanted = await get("api/v1/search?q=TS_0001+%22a%26b%22");
    expect(JSON.parse(await shell(textOf(ask, "curl", server)))).toEqual(wanted);
    const where = { _or: [{ name: { _ilike: "%ts\\_000%" } }, { name: { _eq: "it's \"; $(id)" } }], tomograms: {} };
    const variables = { where, orderBy: [{ id: "asc" }], limit: 5, offset: 0 };
    const list: PageCommand = { catalogue: { of: "runs", query: runsQuery, variables } };
    const rows = await asks<{ runs: object[] }>(runsQuery, variables);
    expect(rows.runs.length).toBeGreaterThan(1);
    expect(JSON.parse(await shell(textOf(list, "curl", server)))).toEqual({ data: rows });
    const python = await printed("peers", { ask: textOf(ask, "Python", server), list: textOf(list, "Python", server) });
    expect(JSON.parse(python.ask)).toEqual(wanted);
    expect(JSON.parse(python.list)).toEqual({ data: rows });
  });

  it("the official client finds the rows of every facet that it has words for, and one thing by its number", async () => {
    const texts: Record<string, string> = {};
    const wanted: Record<string, number[]> = {};
    const without: string[] = [];
    const add = async (name: string, question: Omit<CatalogueQuestion, "query">) => {
      const text = textOf({ catalogue: { ...question, query: "" } }, "Python", server);
      if (!text.includes("cryoet_data_portal")) return without.push(name);
      texts[name] = text;
      const { of } = question;
      const query = `query q($where: ${of[0]!.toUpperCase()}${of.slice(1, -1)}WhereClause) { ${of}(where: $where) { id } }`;
      wanted[name] = (await asks<Record<string, { id: number }[]>>(query, question.variables))[of]!.map(({ id }) => id);
      return 0;
    };
    for (const of of KINDS) {
      await add(`all ${of}`, { of, variables: { where: {} } });
      const facets = await get<Facets>(`api/v1/facets?of=${of}`);
      for (const { id, kind } of FACETS[of]) {
        const value = facets.facets.find((facet) => facet.id === id)?.values[0]?.value;
        const choice = choiceOfText(kind, [kind === "range" ? "-20..20" : kind === "text" ? "TS" : String(value)]);
        await add(`${of}, ${id}`, { of, variables: { where: whereOf(of, { [id]: choice! }) } });
      }
    }
    await add("selected", { of: "runs", variables: { where: { id: { _in: [1, 2, 99] } } } });
    await add("of a dataset", { of: "runs", variables: { where: { dataset: { id: { _eq: 10401 } } } } });
    expect(Object.keys(texts).length).toBeGreaterThan(55);
    expect(without.filter((name) => !/, (?:contents|name|entry)$/.test(name))).toEqual([]);
    const found = await printed("peers", texts);
    const ids = (text: string) => [...text.matchAll(/^\d+/gm)].map(([id]) => Number(id)).sort((a, b) => a - b);
    for (const [name, text] of Object.entries(found))
      expect([name, ids(text)]).toEqual([name, wanted[name]!.sort((a, b) => a - b)]);
    expect(Object.values(wanted).filter((some) => some.length > 0).length).toBeGreaterThan(40);
    const one = { catalogue: { of: "runs", query: runQuery, variables: { id: 2 } } } as const;
    const { runs } = await asks<{ runs: { name: string }[] }>("{ runs(where: { id: { _eq: 2 } }) { name } }");
    expect((await printed("peers", { one: textOf(one, "Python", server) })).one).toContain(`'name': '${runs[0]!.name}'`);
  });

  it("zarr-python, 2 and 3, opens the volume; emporium inspects it", async () => {
    const facts = await get<VolumeFacts>("api/v1/volumes/tomogram:1");
    const command = { inspects: `at/${facts.place}/${facts.key}`, ask: "volumes/tomogram:1", volume: facts.ref };
    expect(waysOf(command, server).map(({ name }) => name)).toEqual(["Terminal", "curl", "Python"]);
    expect(JSON.parse(await shell(textOf(command, "curl", server)))).toEqual(facts);
    for (const environment of ["peers", "zarr3"] as const) {
      if (!hasEnvironment(environment)) continue;
      const { text } = await printed(environment, { text: textOf(command, "Python", server) });
      expect([environment, text.split("\n")[0]]).toEqual([environment, `(${facts.shape.join(", ")}) ${facts.dtype}`]);
    }
    expect(await inspected(textOf(command, "Terminal", server), join(folder, "other"))).toContain(facts.shape.join(" × "));
  });

  it("send the token of whoever reads more than others", async () => {
    const lab = await accessLab((text) => createHash("sha256").update(text).digest("hex"), Date.parse("2026-11-28T12:00:00Z"));
    try {
      const { url } = await lab.serve();
      const known = { base: new URL(`${url}/`), isKnown: true };
      const variables = { where: { id: { _eq: 10004 } } };
      const query = "query q($where: DatasetWhereClause) { datasets(where: $where) { id } }";
      const list: PageCommand = { catalogue: { of: "datasets", query, variables } };
      const plain: PageCommand = { catalogue: { of: "datasets", query, variables: { where: { _or: [variables.where] } } } };
      const ask = { ask: "facets?of=datasets" };
      const tomogram = lab.things.find((one) => one.kind === "tomogram" && one.dataset === 10004)!;
      const texts = {
        client: textOf(list, "Python", known),
        plain: textOf(plain, "Python", known),
        ask: textOf(ask, "Python", known),
        zarr: textOf({ volume: `tomogram:${tomogram.id}` }, "Python", known),
      };
      const env = { EMPORIUM_TOKEN: lab.tokens.eve! };
      const mine = await printed("peers", texts, env);
      expect(mine.client).toMatch(/^10004 /);
      expect(JSON.parse(mine.plain)).toEqual({ data: { datasets: [{ id: 10004 }] } });
      expect(mine.zarr).toMatch(/^\(2, 3, 4\) /);
      expect(JSON.parse(await shell(textOf(list, "curl", known), env))).toEqual({ data: { datasets: [{ id: 10004 }] } });
      expect(JSON.parse(await shell(textOf(ask, "curl", known), env))).toEqual(JSON.parse(mine.ask));
      const inspects = { inspects: `files/${fileOf(tomogram).replace(".mrc", ".zarr")}` };
      expect(await inspected(textOf(inspects, "Terminal", known), join(folder, "other"), env)).toContain("2 × 3 × 4");
      const { zarr: _, ...others } = texts;
      const lars = await printed("peers", others, { EMPORIUM_TOKEN: lab.tokens.lars! });
      expect([lars.client, JSON.parse(lars.plain)]).toEqual(["", { data: { datasets: [] } }]);
      expect(JSON.parse(lars.ask)).not.toEqual(JSON.parse(mine.ask));
    } finally {
      await lab.stop();
    }
  }, 300_000);
});
