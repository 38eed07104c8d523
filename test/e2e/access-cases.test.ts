import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Portal } from "../../src/server/portal.js";
import {
  type AccessLab,
  accessLab,
  allThings,
  DATASETS,
  fileOf,
  folderOf,
  LINK,
  runOf,
  type Thing,
  viewFolder,
} from "./access-kit.js";
import { seeded } from "./graphql-kit.js";

/**
 * Who sees what through which door: cases at random, with what is expected from the words of `access.yaml` over a small table.
 *
 * Threats that are tested here and beside: a door that forgets to ask (each is asked, by each kind of user); an id, a count, a listing, a size, an ETag or a
 * 304 that tells of what is hidden; other spellings of a path; a key in another form; a header from somewhere; a link or an embargo that ends while the server
 * runs; an answer that was kept for somebody else.
 */
const START = Date.parse("2026-11-28T12:00:00Z");
const DAYS = ["2026-11-28", "2027-01-30", "2027-01-31", "2027-02-01", "2027-03-01", "2027-03-02", "2027-06-01"];
const CASES = 400;

let lab: AccessLab;
let portal: Portal;
beforeAll(async () => {
  lab = await accessLab((text) => createHash("sha256").update(text).digest("hex"), START);
  portal = await lab.serve();
});
afterAll(() => lab?.stop());

interface User {
  readonly name: string;
  /** Names and groups, as the rules have them. */
  readonly names: readonly string[];
  readonly headers: () => Record<string, string>;
  readonly isWriter?: true;
  readonly hasLink?: true;
}

const bearer = (name: string) => () => ({ authorization: `Bearer ${lab.tokens[name]}` });
const USERS: readonly User[] = [
  { name: "nobody", names: [], headers: () => ({}) },
  { name: "ada", names: ["ada", "membrane-lab"], headers: bearer("ada") },
  { name: "eve", names: ["eve"], headers: bearer("eve") },
  { name: "eve's session", names: ["eve"], headers: () => ({ cookie: `theme=dark; emporium_access=${sessions.eve}` }) },
  {
    name: "eve's password",
    names: ["eve"],
    headers: () => ({ authorization: `Basic ${Buffer.from(`x:${lab.tokens.eve}`).toString("base64")}` }),
  },
  { name: "lars", names: ["lars"], headers: bearer("lars") },
  { name: "root", names: ["root"], headers: bearer("root"), isWriter: true },
  { name: "max of the proxy", names: ["max", "membrane-lab"], headers: () => ({ "x-forwarded-user": "max" }) },
  {
    name: "zoe with a group",
    names: ["zoe", "x", "membrane-lab"],
    headers: () => ({ "x-forwarded-user": "zoe", "x-forwarded-groups": "x, membrane-lab" }),
  },
  { name: "two names", names: [], headers: () => ({ "x-forwarded-user": "max, eve" }) },
  { name: "reviewer", names: [], headers: () => ({ cookie: `emporium_access=${LINK}` }), hasLink: true },
  { name: "a wrong key", names: [], headers: () => ({ authorization: `Bearer ${LINK}x` }) },
];
const sessions: Record<string, string> = {};

/** The rules in words, by hand. */
function ruleLetsSee(user: User, of: "dataset" | "deposition", id: number, day: string): boolean {
  if (user.isWriter) return true;
  const isLinked = user.hasLink && day <= "2027-03-01";
  const inLab = user.names.includes("membrane-lab");
  const isEve = user.names.includes("eve");
  if (of === "dataset") {
    if (id === 10002) return day >= "2027-02-01"; // embargoed, and released then
    if (id === 10003) return inLab || isEve || day >= "2027-01-31" || isLinked === true;
    if (id === 10004) return isEve; // for good
    return true; // public, by default or released long ago
  }
  if (id === 502) return day >= "2027-06-01";
  if (id === 503) return inLab || isLinked === true;
  return true;
}

function sees(user: User, { dataset, deposition }: Thing, day: string): boolean {
  const own = DATASETS.find(({ id }) => id === dataset);
  return (
    (deposition === undefined || ruleLetsSee(user, "deposition", deposition, day)) &&
    (own === undefined || (ruleLetsSee(user, "dataset", own.id, day) && ruleLetsSee(user, "deposition", own.deposition, day)))
  );
}

interface Answer {
  readonly status: number;
  readonly text: string;
}
type Ask = (path: string, init?: RequestInit) => Promise<Answer>;
interface Door {
  readonly name: string;
  readonly kinds: readonly Thing["kind"][];
  ask(ask: Ask, thing: Thing): Promise<Answer>;
  /** The answer shows the thing. */
  shows(answer: Answer, thing: Thing): boolean;
  /** What is asked does not name the thing. */
  readonly isList?: true;
  /** What else must be seen for that. */
  readonly needs?: (thing: Thing) => Thing | undefined;
}

const ROOT = {
  dataset: "datasets",
  deposition: "depositions",
  tomogram: "tomograms",
  annotation: "annotations",
  tiltseries: "tiltseries",
};
const EVERY = ["dataset", "deposition", "tomogram", "annotation", "tiltseries"] as const;
const graphql = (ask: Ask, query: string) =>
  ask("/graphql", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query }) });
const isFound = ({ status }: Answer) => status === 200 || status === 206 || status === 304;
const hasWord = ({ text }: Answer, { word }: Thing) => text.includes(word);
const above = (thing: Thing) => folderOf(thing).replace(/[^/]*$/, "");
const encoded = (key: string) =>
  [...key].map((one) => (one === "/" ? one : `%${one.charCodeAt(0).toString(16).padStart(2, "0")}`)).join("");
const main = (thing: Thing) =>
  THINGS.find(({ kind, dataset, number }) => kind === "tomogram" && dataset === thing.dataset && number === 100);
const THINGS = allThings();
const picture = ({ dataset = 0, spacing, number }: Thing) =>
  `${runOf(dataset)}/Reconstructions/VoxelSpacing${spacing}/Images/${number}/key-photo-snapshot.png`;
const view = ({ dataset = 0, spacing }: Thing) =>
  `${runOf(dataset)}/Reconstructions/VoxelSpacing${spacing}/NeuroglancerPrecompute`;
const WORDED = {
  dataset: "title",
  deposition: "title",
  tomogram: "name",
  annotation: "objectName",
  tiltseries: "microscopeModel",
};

const DOORS: readonly Door[] = [
  {
    name: "row",
    kinds: EVERY,
    shows: (a) => /"id":\d/.test(a.text),
    ask: (ask, { kind, id }) => graphql(ask, `{ ${ROOT[kind]}(where: { id: { _eq: ${id} } }) { id } }`),
  },
  {
    name: "count",
    kinds: EVERY,
    shows: (a) => a.text.includes('"count":1'),
    ask: (ask, { kind, id }) => graphql(ask, `{ ${ROOT[kind]}Aggregate(where: { id: { _eq: ${id} } }) { aggregate { count } } }`),
  },
  {
    name: "probe",
    kinds: EVERY,
    shows: (a) => /"id":\d/.test(a.text),
    ask: (ask, { kind, word }) =>
      graphql(
        ask,
        `{ ${ROOT[kind]}(where: { _or: [{ id: { _lt: 0 } }, { _and: [{ ${WORDED[kind]}: { _iregex: "${word}" } }] }] }) { id } }`,
      ),
  },
  {
    name: "groups",
    isList: true,
    kinds: EVERY,
    shows: hasWord,
    ask: (ask, { kind }) => graphql(ask, `{ ${ROOT[kind]}Aggregate { aggregate { count groupBy { ${WORDED[kind]} } } } }`),
  },
  {
    name: "search",
    kinds: ["dataset", "deposition", "annotation"],
    shows: (a) => !a.text.includes('"groups":[]'),
    ask: (ask, { word }) => ask(`/api/v1/search?q=${word}`),
  },
  { name: "facets", isList: true, kinds: ["dataset"], shows: hasWord, ask: (ask) => ask("/api/v1/facets?of=datasets") },
  {
    name: "facets of annotations",
    isList: true,
    kinds: ["annotation"],
    shows: hasWord,
    ask: (ask) => ask("/api/v1/facets?of=annotations"),
  },
  {
    name: "contents",
    kinds: ["dataset", "tomogram", "annotation"],
    shows: isFound,
    ask: (ask, { kind, id }) => ask(`/api/v1/download?of=${kind}&ids=${id}`),
  },
  {
    name: "contents of its run",
    isList: true,
    kinds: ["tomogram", "annotation", "tiltseries"],
    shows: (a, thing) => a.text.includes(fileOf(thing)),
    ask: (ask, { dataset }) => ask(`/api/v1/download?of=run&ids=${1000 + dataset!}`),
  },
  {
    name: "archive",
    kinds: ["dataset", "tomogram", "annotation"],
    shows: (a, thing) => a.text.includes(fileOf(thing)),
    ask: (ask, { kind, id }) => ask(`/api/v1/download/zip?of=${kind}&ids=${id}`),
  },
  {
    name: "size of an archive",
    kinds: ["dataset", "tomogram", "annotation"],
    shows: isFound,
    ask: (ask, { kind, id }) => ask(`/api/v1/download/size?of=${kind}&ids=${id}`),
  },
  {
    name: "archive of its run",
    isList: true,
    kinds: ["tomogram", "annotation", "tiltseries"],
    shows: (a, thing) => a.text.includes(fileOf(thing)),
    ask: (ask, { dataset }) => ask(`/api/v1/download/zip?of=run&ids=${1000 + dataset!}`),
  },
  {
    name: "archive of its kind at its run",
    isList: true,
    kinds: ["tomogram", "annotation"],
    shows: (a, thing) => a.text.includes(fileOf(thing)),
    ask: (ask, { kind, dataset }) => ask(`/api/v1/download/zip?of=run&ids=${1000 + dataset!}&only=[["${kind}s"]]`),
  },
  { name: "file", kinds: EVERY, shows: isFound, ask: (ask, thing) => ask(`/files/${fileOf(thing)}`) },
  { name: "file, encoded", kinds: EVERY, shows: isFound, ask: (ask, thing) => ask(`/files/${encoded(fileOf(thing))}`) },
  { name: "HEAD", kinds: EVERY, shows: isFound, ask: (ask, thing) => ask(`/files/${fileOf(thing)}`, { method: "HEAD" }) },
  {
    name: "range",
    kinds: EVERY,
    shows: isFound,
    ask: (ask, thing) => ask(`/files/${fileOf(thing)}`, { headers: { range: "bytes=0-3" } }),
  },
  {
    name: "if-none-match",
    kinds: EVERY,
    shows: isFound,
    ask: (ask, thing) => ask(`/files/${fileOf(thing)}`, { headers: { "if-none-match": "*" } }),
  },
  { name: "location", kinds: EVERY, shows: isFound, ask: (ask, thing) => ask(`/at/tree/${fileOf(thing)}`) },
  { name: "object", kinds: EVERY, shows: isFound, ask: (ask, thing) => ask(`/s3/portal/${fileOf(thing)}`) },
  {
    name: "bucket",
    kinds: EVERY,
    shows: (a, thing) => a.text.includes(`<Key>${fileOf(thing)}</Key>`),
    ask: (ask, thing) => ask(`/s3/portal?list-type=2&prefix=${folderOf(thing)}/`),
  },
  {
    name: "whole bucket",
    isList: true,
    kinds: EVERY,
    shows: (a, thing) => a.text.includes(`<Key>${fileOf(thing)}</Key>`),
    ask: (ask) => ask("/s3/portal?list-type=2"),
  },
  {
    name: "after",
    kinds: EVERY,
    isList: true,
    shows: (a, thing) => a.text.includes(`<Prefix>${folderOf(thing)}/</Prefix>`),
    ask: (ask, thing) => ask(`/s3/portal?list-type=2&delimiter=/&prefix=${above(thing)}&start-after=${above(thing)}0`),
  },
  {
    name: "folder",
    kinds: EVERY,
    shows: (a) => a.status === 200 && a.text.includes('"kind"'),
    ask: (ask, thing) => ask(`/api/v1/places/tree/list?prefix=${folderOf(thing)}/`),
  },
  {
    name: "folder above",
    isList: true,
    kinds: EVERY,
    shows: (a, thing) => a.text.includes(`"key":"${folderOf(thing)}/"`),
    ask: (ask, thing) => ask(`/api/v1/places/tree/list?prefix=${above(thing)}`),
  },
  {
    name: "facts",
    kinds: ["tomogram", "tiltseries"],
    shows: isFound,
    ask: (ask, thing) => ask(`/api/v1/places/tree/facts?key=${fileOf(thing)}`),
  },
  {
    name: "volume",
    kinds: ["tomogram", "tiltseries"],
    shows: isFound,
    ask: (ask, { kind, id }) => ask(`/api/v1/volumes/${kind}:${id}`),
  },
  {
    name: "plane",
    kinds: ["tomogram", "tiltseries"],
    shows: isFound,
    ask: (ask, { kind, id }) => ask(`/api/v1/volumes/${kind}:${id}/plane?axis=z&at=0`),
  },
  {
    name: "zarr",
    kinds: ["tomogram", "tiltseries"],
    shows: isFound,
    ask: (ask, { kind, id }) => ask(`/zarr/${kind}:${id}/0/0.0.0`),
  },
  {
    name: "zarr of a file",
    kinds: ["tomogram"],
    shows: isFound,
    ask: (ask, thing) => ask(`/zarr/${Buffer.from(`tree:${fileOf(thing)}`).toString("base64url")}/.zattrs`),
  },
  {
    name: "chunk",
    kinds: ["tomogram"],
    shows: isFound,
    ask: (ask, thing) => ask(`/files/${fileOf(thing).replace(".mrc", ".zarr")}/.zattrs`),
  },
  { name: "picture", kinds: ["tomogram"], shows: isFound, ask: (ask, thing) => ask(`/files/${picture(thing)}`) },
  { name: "Neuroglancer", kinds: ["tomogram"], shows: isFound, ask: (ask, { id }) => ask(`/api/v1/neuroglancer/tomogram/${id}`) },
  {
    name: "lineage",
    kinds: ["tomogram"],
    shows: isFound,
    ask: (ask, { id }) => ask(`/api/v1/lineage/tomogram:${id}/voxel?z=0&y=0&x=0`),
  },
  {
    name: "layer",
    kinds: ["annotation"],
    needs: main,
    shows: hasWord,
    ask: (ask, thing) => ask(`/api/v1/overlays/tomogram:${main(thing)!.id}`),
  },
  {
    name: "positions",
    kinds: ["annotation"],
    needs: main,
    shows: isFound,
    ask: (ask, thing) => ask(`/api/v1/overlays/tomogram:${main(thing)!.id}/${thing.id}.bin`),
  },
  {
    name: "stored view",
    kinds: ["annotation"],
    needs: (thing) =>
      THINGS.find(
        (one) => one.kind === "tomogram" && one.dataset === thing.dataset && one.number === 100 && one.spacing === thing.spacing,
      ),
    shows: hasWord,
    ask: (ask, thing) => ask(`/files/${view(thing)}/100-neuroglancer_config.json`),
  },
  {
    name: "stored view in the bucket",
    kinds: ["annotation"],
    needs: (thing) =>
      THINGS.find(
        (one) => one.kind === "tomogram" && one.dataset === thing.dataset && one.number === 100 && one.spacing === thing.spacing,
      ),
    shows: hasWord,
    ask: (ask, thing) => ask(`/s3/portal/${view(thing)}/100-neuroglancer_config.json`),
  },
  {
    name: "drawn from",
    kinds: ["annotation"],
    shows: isFound,
    ask: (ask, thing) => ask(`/files/${view(thing)}/${viewFolder(thing)}/info`),
  },
];

/** The same thing, if it had never been: what its answer must be like where it is hidden. */
const ghostOf = (thing: Thing): Thing => ({
  ...thing,
  id: thing.id + 70_000,
  ...(thing.kind === "dataset" && { dataset: thing.id + 70_000 }),
  ...(thing.number !== undefined && { number: thing.number + 700 }),
  word: "nowhere",
});
/** Without what the two differ by, and what differs from moment to moment. */
const same = ({ status, text }: Answer, thing: Thing): Answer => {
  const names = [encoded(fileOf(thing)), fileOf(thing), folderOf(thing), String(thing.id), thing.word];
  return { status, text: names.reduce((now, name) => now.replaceAll(name, "#"), text) };
};

async function askAs(user: User): Promise<Ask> {
  return async (path, init = {}) => {
    const response = await fetch(`${portal.url}${path}`, {
      ...init,
      headers: { ...user.headers(), ...(init.headers as object) },
      redirect: "manual",
    });
    return { status: response.status, text: Buffer.from(await response.arrayBuffer()).toString("latin1") };
  };
}

describe("whoever asks, whatever for, at whatever door", () => {
  it(`is shown what the rules say, and nothing else: ${CASES} cases`, async () => {
    const begun = await fetch(`${portal.url}/api/v1/session`, { method: "POST", headers: bearer("eve")() });
    expect(begun.status).toBe(204);
    sessions.eve = /emporium_access=([\w-]+)/.exec(begun.headers.get("set-cookie") ?? "")![1]!;
    expect(sessions.eve).not.toContain(lab.tokens.eve);
    const random = seeded(20261128);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
    const cases = Array.from({ length: CASES }, () => {
      const door = pick(DOORS);
      return {
        door,
        user: pick(USERS),
        thing: pick(lab.things.filter(({ kind }) => door.kinds.includes(kind))),
        day: pick(DAYS),
      };
    }).sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
    const wrong: string[] = [];
    const asked = { seen: 0, hidden: 0 };
    for (const { door, user, thing, day } of cases) {
      lab.clock.advance(Date.parse(`${day}T12:00:00Z`) - lab.clock.now());
      const ask = await askAs(user);
      const other = door.needs?.(thing);
      const isSeen = sees(user, thing, day) && (!door.needs || (other !== undefined && sees(user, other, day)));
      const answer = await door.ask(ask, thing);
      asked[isSeen ? "seen" : "hidden"]++;
      const what = `${day} ${user.name} · ${door.name} · ${thing.kind} ${thing.id} (dataset ${thing.dataset}, deposition ${thing.deposition}, ${fileOf(thing)})`;
      if (door.shows(answer, thing) !== isSeen)
        wrong.push(`${what}: ${isSeen ? "not shown" : "SHOWN"}: ${answer.status} ${answer.text.slice(0, 300)}`);
      // of what was asked without its name the answer is without it, and that is all
      if (isSeen || door.isList) continue;
      const [found, expected] = [same(answer, thing), same(await door.ask(ask, ghostOf(thing)), ghostOf(thing))];
      if (found.status !== expected.status || found.text !== expected.text)
        wrong.push(
          `${what}: differs from what never was:\n  ${found.status} ${found.text.slice(0, 300)}\n  ${expected.status} ${expected.text.slice(0, 300)}`,
        );
    }
    expect(wrong.slice(0, 12)).toEqual([]);
    // both kinds come often enough for either fault to be found
    expect(Math.min(asked.seen, asked.hidden)).toBeGreaterThan(CASES / 4);
  }, 120_000);
});
