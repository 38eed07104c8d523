import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { manualClock } from "../../../core/clock.js";
import { checkConfigs } from "./check-configs.js";
import { parseObo } from "./registries.js";
import { REGISTRIES, type RegistryName } from "./registry-client.js";

/* Registries as a server on this machine plays them. Nothing here leaves the machine: every registry is redirected. */

const base = readFileSync(new URL("../../../../test/golden/config/base.yaml", import.meta.url), "utf8");
const folder = mkdtempSync(join(tmpdir(), "emporium-registries-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Answer = { status?: number; json?: unknown; text?: string; headers?: Record<string, string> };
let answers: (method: string, path: string) => Answer;
let asked: string[] = [];

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const [method, path] = [request.method ?? "", request.url ?? ""];
  asked.push(`${method} ${path}`);
  const { status = 200, json, text, headers = {} } = answers(method, path);
  response.writeHead(status, headers).end(json === undefined ? text : JSON.stringify(json));
});
let address = "";
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));

const terms = (...names: string[]) => ({
  json: { _embedded: { terms: names.map((label) => ({ label, synonyms: [`other ${label}`] })) } },
});

/** The world in which everything of the base is known. */
const LABELS: Record<string, string> = {
  EFO_0022601: "cryo-electron tomography",
  HsapDv_0000087: "adult",
  PATO_0000461: "normal",
  UBERON_0000955: "brain",
  CL_0000540: "neuron",
  NCBITaxon_9606: "human",
  GO_0005840: "ribosome",
  GO_0022626: "cytosolic ribosome",
  GO_0016020: "membrane",
};

function world(_method: string, path: string): Answer {
  if (path.includes("/ancestors"))
    return { json: { _embedded: { terms: [{ obo_id: "GO:0110165" }, { obo_id: "GO:0005575" }] } } };
  if (path.startsWith("/ols/terms")) return terms(LABELS[decodeURIComponent(path).replace(/.*\//, "")] ?? "?");
  if (path.startsWith("/cellosaurus")) {
    return { json: { Cellosaurus: { "cell-line-list": [{ "name-list": [{ value: "HeLa" }] }] } } };
  }
  if (path.startsWith("/crossref/works/10.1038")) return { status: 404 };
  if (path.startsWith("/doi/")) return { status: 302, headers: { location: "https://elsewhere.invalid/" } };
  if (path.startsWith("/pdb/entry")) return { json: { struct: { title: "A long title" } } };
  if (path.startsWith("/photos")) return { headers: { "content-type": "image/png; x=1" } };
  return {};
}

beforeEach(() => {
  answers = world;
  asked = [];
});

let runs = 0;

async function check(
  text: string,
  options: { workspace?: string; clock?: ReturnType<typeof manualClock>; exclusions?: string } = {},
) {
  const file = join(folder, `${runs++}.yaml`);
  writeFileSync(file, text);
  const bases = Object.fromEntries(Object.keys(REGISTRIES).map((name) => [name, `${address}/${name}`])) as Record<
    RegistryName,
    string
  >;
  const { clock = manualClock(1_790_000_000_000), workspace = join(folder, `workspace-${runs}`), exclusions } = options;
  const { files } = await checkConfigs({ configs: [file], network: { bases }, workspace, clock, exclusions });
  return files[0]!;
}

/** The world with other answers for some paths. */
function except(...changes: [part: string, answer: Answer | (() => Answer)][]): void {
  answers = (method, path) => {
    const found = changes.find(([part]) => path.includes(part))?.[1];
    return found === undefined ? world(method, path) : typeof found === "function" ? found() : found;
  };
}

describe("registries", () => {
  it("that know everything leave the base well, each asked once for each identifier", async () => {
    expect(await check(base)).toMatchObject({ ok: true, errors: [], warnings: [] });
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked).toEqual(
      expect.arrayContaining([
        "HEAD /orcid/0000-0002-1825-0097",
        "HEAD /crossref/works/10.1101/2022.04.12.488077",
        "HEAD /crossref/works/10.1038/s41592-020-01054-7",
        "HEAD /doi/10.1038/s41592-020-01054-7",
        "HEAD /empiar/entry/EMPIAR-10988/",
        "HEAD /emdb/entry/EMD-14412",
        "GET /pdb/entry/7ttn",
        "GET /ols/terms?iri=http%3A%2F%2Fwww.ebi.ac.uk%2Fefo%2FEFO_0022601",
        "GET /ols/terms?iri=http%3A%2F%2Fpurl.obolibrary.org%2Fobo%2FNCBITaxon_9606",
        "GET /cellosaurus/cell-line/CVCL_0030?format=json&fld=id&fld=sy",
        "HEAD /photos/snapshot.png",
      ]),
    );
    expect(asked.filter((line) => line.includes("ancestors"))).toHaveLength(3);
    // what lies in a bucket is not fetched
    expect(asked.filter((line) => line.includes("/photos"))).toHaveLength(1);
  });

  it("are not asked without --network", async () => {
    const file = join(folder, "offline.yaml");
    writeFileSync(file, base);
    await checkConfigs({ configs: [file], workspace: folder, clock: manualClock() });
    expect(asked).toEqual([]);
  });

  it.each<[string, string, Answer, string, RegExp]>([
    ["an ORCID", "/orcid/", { status: 404 }, "depositions.0.metadata.authors.0.ORCID", /0000-0002-1825-0097 is not known/],
    ["an EMPIAR entry", "/empiar/", { status: 404 }, "tiltseries.0.metadata.related_empiar_entry", /EMPIAR-10988/],
    ["an EMDB entry", "/emdb/", { status: 404 }, "datasets.0.metadata.cross_references.related_database_entries", /EMD-14412/],
    ["a PDB entry", "/pdb/", { status: 404 }, "datasets.0.metadata.cross_references.related_database_entries", /PDB-7ttn/],
    ["a term", "UBERON_0000955", { status: 404 }, "datasets.0.metadata.tissue.id", /UBERON:0000955/],
    ["a taxon", "NCBITaxon_9606", { status: 404 }, "datasets.0.metadata.organism.taxonomy_id", /NCBITaxon:9606/],
    [
      "a name",
      "UBERON_0000955",
      terms("hair"),
      "datasets.0.metadata.tissue.name",
      /is not named "brain", its names are hair; other hair/,
    ],
    [
      "a strain's name",
      "/cellosaurus/",
      { json: { Cellosaurus: { "cell-line-list": [{ "name-list": [{ value: "Hela 2" }] }] } } },
      "datasets.0.metadata.cell_strain.name",
      /Hela 2/,
    ],
    [
      "an ancestor",
      "GO_0016020/ancestors",
      { json: {} },
      "annotations.1.metadata.annotation_object.id",
      /GO:0016020 is not below GO:0005575/,
    ],
    [
      "a picture",
      "/photos/",
      { headers: { "content-type": "text/html" } },
      "dataset_keyphotos.0.sources.0.literal.value.snapshot",
      /found text\/html/,
    ],
  ])("%s that is not known is a fault", async (_name, part, answer, path, message) => {
    except([part, answer]);
    const { errors } = await check(base);
    const fault = errors.find((error) => error.path === path);
    expect(fault, JSON.stringify(errors)).toMatchObject({ code: "CONFIG_REGISTRY", message: expect.stringMatching(message) });
    expect(fault!.line).toBeGreaterThan(1);
  });

  it("a DOI is unknown when Crossref and doi.org do not have it", async () => {
    except(["/crossref/", { status: 404 }], ["/doi/", { status: 404 }]);
    const { errors } = await check(base);
    expect(new Set(errors.map(({ path }) => path))).toEqual(
      new Set([
        "depositions.0.metadata.cross_references.publications",
        "datasets.0.metadata.cross_references.publications",
        "annotations.0.metadata.annotation_publications",
      ]),
    );
  });

  it("names of structures agree when one is within the other", async () => {
    const text = base.replace("{id: GO:0016020, name: membrane}", "{id: PDB-7abc, name: CD40-L}");
    const entities = { json: { rcsb_polymer_entity: { pdbx_description: "the cd40l ligand" } } };
    const entry = { json: { struct: { title: "x" }, rcsb_entry_container_identifiers: { polymer_entity_ids: ["1"] } } };
    except(["/pdb/entry/7abc", entry], ["/pdb/polymer_entity/7abc/1", entities]);
    expect((await check(text)).errors).toEqual([]);
    except(
      ["/pdb/entry/7abc", entry],
      ["/pdb/polymer_entity/7abc/1", { json: { rcsb_polymer_entity: { pdbx_description: "GroEL" } } }],
    );
    expect((await check(text)).errors).toMatchObject([{ path: "annotations.1.metadata.annotation_object.name" }]);
  });

  it.each([
    [
      "UniProtKB:P12345",
      "/uniprot/uniprotkb/P12345",
      { json: { proteinDescription: { recommendedName: { fullName: { value: "membrane" } } } } },
    ],
    ["CDPO:0000001", "/obo/uermel/cdpo/main/cdpo.obo", { text: "[Term]\nid: CDPO:0000001\nname: membrane\n" }],
    ["CL:0000540", "/obo/obophenotype/cell-ontology/master/cl.obo", { text: "[Term]\nid: CL:0000540\nname: membrane\n" }],
    ["CHEBI:36080", "CHEBI_36080", terms("membrane")],
  ])("%s is asked at its own registry", async (id, part, answer) => {
    except([part, answer]);
    expect((await check(base.replace("id: GO:0016020", `id: '${id}'`))).errors).toEqual([]);
    expect(asked.filter((line) => line.includes(part))).toHaveLength(1);
  });

  it("strains of worms are asked at WormBase, and numbers of no registry not at all", async () => {
    except(["/wormbase/field/strain/WBStrain00000001/name", { json: { name: { data: { label: "HeLa" } } } }]);
    expect((await check(base.replace("id: CVCL_0030", "id: WBStrain00000001"))).errors).toEqual([]);
    expect((await check(base.replace("id: CVCL_0030", "id: CC-0001"))).errors).toEqual([]);
    expect(asked.filter((line) => line.includes("CC-0001"))).toEqual([]);
  });

  it("excluded identifiers and names pass", async () => {
    except(["UBERON_0000955", { status: 404 }], ["GO_0016020", terms("something else")]);
    const exclusions = join(folder, "exclusions.json");
    writeFileSync(exclusions, '{"TissueDetails": {"id": ["UBERON:0000955"]}, "AnnotationObject": {"name": ["membrane"]}}');
    expect((await check(base, { exclusions })).errors).toEqual([]);
  });
});

describe("manners", () => {
  it("answers are kept in the workspace, what is known for 30 days, what is not for one", async () => {
    const workspace = join(folder, "kept");
    const clock = manualClock(1_790_000_000_000);
    except(["/orcid/", { status: 404 }]);
    await check(base, { workspace, clock });
    asked = [];
    expect((await check(base, { workspace, clock })).errors).toHaveLength(5);
    expect(asked).toEqual([]);
    clock.advance(25 * 3600 * 1000);
    await check(base, { workspace, clock });
    expect(asked).toEqual(["HEAD /orcid/0000-0002-1825-0097"]);
    clock.advance(31 * 24 * 3600 * 1000);
    asked = [];
    await check(base, { workspace, clock });
    expect(asked.length).toBeGreaterThan(10);
  });

  it("a damaged file of answers is no loss", async () => {
    const workspace = join(folder, "damaged");
    await check(base, { workspace });
    writeFileSync(join(workspace, "cache/registries.json"), "{");
    asked = [];
    expect((await check(base, { workspace })).ok).toBe(true);
    expect(asked.length).toBeGreaterThan(10);
  });

  it("a registry that fails is asked four times, with longer and longer pauses, and then a warning", async () => {
    except(["/orcid/", { status: 503 }]);
    const clock = manualClock(1_790_000_000_000);
    const { ok, warnings } = await check(base, { clock });
    expect(ok).toBe(true);
    expect(warnings).toMatchObject([{ code: "STORE_UNAVAILABLE", path: "depositions.0.metadata.authors.0.ORCID" }]);
    expect(asked.filter((line) => line.includes("/orcid/"))).toHaveLength(4);
    expect(clock.sleeps).toEqual(expect.arrayContaining([500, 1000, 2000]));
  });

  it("one that fails twice is answered", async () => {
    let failures = 0;
    except(["/orcid/", () => ({ status: ++failures <= 2 ? 429 : 200 })]);
    expect(await check(base)).toMatchObject({ ok: true, warnings: [] });
  });

  it("a refusal says nothing of the identifier, and is not asked again", async () => {
    except(["/emdb/", { status: 403 }]);
    expect(await check(base)).toMatchObject({ ok: true, warnings: [{ code: "STORE_DENIED" }] });
    expect(asked.filter((line) => line.includes("/emdb/"))).toHaveLength(1);
  });

  it("leads nobody into a private network: such a redirection is refused and warned of", async () => {
    let reached = 0;
    const inside = createServer((_, response) => {
      reached++;
      response.end("{}");
    });
    await new Promise<void>((done) => inside.listen(0, "127.0.0.1", done));
    const location = `http://127.0.0.1:${(inside.address() as AddressInfo).port}/`;
    except(["/emdb/", { status: 302, headers: { location } }]);
    expect(await check(base)).toMatchObject({ ok: true, warnings: [{ code: "ADDRESS_REFUSED" }] });
    expect(reached).toBe(0);
    await new Promise((done) => inside.close(done));
  });

  it("what is no JSON is no answer", async () => {
    except(["UBERON_0000955", { text: "<html>" }]);
    expect(await check(base)).toMatchObject({ ok: true, warnings: [{ code: "STORE_PROTOCOL" }] });
  });

  it("ORCID gets five questions a second, Crossref one", async () => {
    const text = base.replace("    - name: Last Author\n", "    - name: Last Author\n      ORCID: 0000-0001-5109-3700\n");
    const clock = manualClock(1_790_000_000_000);
    await check(text, { clock });
    expect(clock.sleeps.filter((ms) => ms > 0).every((ms) => ms <= 1000)).toBe(true);
    expect(clock.sleeps).toContain(200);
    expect(clock.sleeps).toContain(1000);
  });
});

it("OBO files: terms only, the first name after the id", () => {
  const text =
    "format-version: 1.2\n\n[Term]\nid: CL:1\nname: one\nsynonym: x\n\n[Typedef]\nid: part_of\nname: part of\n\n[Term]\nid: CL:2\nname: two\n";
  expect([...parseObo(text)]).toEqual([
    ["CL:1", "one"],
    ["CL:2", "two"],
  ]);
});
