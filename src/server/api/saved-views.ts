import type { Context } from "hono";
import { z } from "zod";
import { knownPrefixes } from "../../catalog/import-prefixes.js";
import { isEmporiumError } from "../../core/errors.js";
import type { SavedView, SavedViews } from "../../model/page-api.js";
import { parseRef, type Ref } from "../../model/ref.js";
import { layersIn, SAVED_LETTERS, shownByAddress, withLayers } from "../../model/saved-view.js";
import { keyOf } from "../find.js";
import { type KeptView, noView, type ViewStore, viewTag } from "../saved-views.js";
import type { ApiContext, Routes } from "./context.js";
import { showsWorkspace } from "./kept.js";
import { TEXT } from "./parameters.js";
import { get, post, put } from "./route.js";

/** Views of one answer, and volumes that are looked for at once. */
const ANSWER_MAX = 1_000;
const AT_ONCE = 32;

const WORDS = {
  name: z
    .string()
    .max(SAVED_LETTERS.name)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u, "expected one line of text")
    .regex(/[^\s\p{Cf}]/u, "expected a name")
    .transform((text) => text.trim()),
  note: z
    .string()
    .max(SAVED_LETTERS.note)
    .regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\t])*$/u, "expected plain text")
    .default("")
    .transform((text) => text.trim()),
};
const ADDRESS = z
  .string()
  .refine((text) => shownByAddress(text) !== undefined, "expected an address of the viewer: /view/tomogram/5?p=1,2,3");
const SAVE = z.strictObject({ ...WORDS, to: ADDRESS });
const CHANGE = z.strictObject(WORDS);
const LISTED = z.object({
  run: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional(),
  ref: TEXT.optional(),
});
const TAG = /^"([\w-]{1,100})"$/;

interface RunOf {
  readonly id: number;
  readonly dataset: number;
  readonly name: string;
}

/** `GET` and `POST views…`: views of volumes that people have given names. Who may see a volume sees its views. */
export const savedViewRoutes: Routes = (app, context) => {
  const { views } = context;
  if (!views) return;
  const noStore = { "cache-control": "no-store" };
  const scope = "write";

  const summary = "Views that were saved: of a run, of a volume and the others of its run, or all; the newest first";
  get(app, "/views", { summary, query: LISTED }, async (c, { run, ref }) => {
    const { signal } = c.req.raw;
    const of = run === undefined ? ref && (await runOfRef(context, parseRef(ref))) : await runNumbered(context, run);
    const all = (await views.all()).toReversed();
    const isOf = (one: KeptView) => one.ref === ref || (of ? isOfRun(one, of) : run !== undefined && one.run?.id === run);
    const wanted = run === undefined && ref === undefined ? all : all.filter(isOf);
    const answer = await seenOf(context, wanted, { signal, showsNames: showsWorkspace(context, c.req.raw) });
    return c.json(answer satisfies SavedViews, 200, noStore);
  });

  post(
    app,
    "/views",
    { summary: "Saves a view: its name, a note, and the address of the viewer", query: z.object({}), body: SAVE, scope },
    async (c, _query, { name, note, to }, { name: who }) => {
      const { ref, other } = shownByAddress(to)!;
      const parsedRef = parseRef(ref);
      const { signal } = c.req.raw;
      const [{ key }] = await Promise.all([
        context.find(parsedRef, signal),
        other === undefined ? undefined : context.find(parseRef(other), signal),
      ]);
      const run = await runOfRef(context, parsedRef);
      const own = parsedRef.kind === "place" ? {} : { key };
      const kept = await views.add({ name, note, to, ref, ...own, ...(run && { run }), who });
      return c.json(shown(kept, true), 200, noStore);
    },
  );

  const changed = async (c: Context, store: ViewStore, change: (id: string, etag: string) => Promise<object>) => {
    const id = c.req.param("id")!;
    if (!(await store.all()).some((one) => one.id === id)) throw noView();
    const tag = TAG.exec(c.req.header("if-match") ?? "")?.[1];
    if (tag !== undefined) return c.json(await change(id, tag), 200, noStore);
    const hint = 'send If-Match: "…" with the etag of the view in GET views';
    return c.json({ code: "USAGE", message: "the change needs the etag of the view", hint }, 428);
  };
  const OF_ONE = { query: z.object({}), scope } as const;
  put(app, "/views/:id", { ...OF_ONE, summary: "Another name and note; If-Match: its etag", body: CHANGE }, (c, _query, words) =>
    changed(c, views, async (id, etag) => shown(await views.change(id, etag, words), true)),
  );
  post(app, "/views/:id/remove", { ...OF_ONE, summary: "Removes a view; If-Match: its etag", body: z.strictObject({}) }, (c) =>
    changed(c, views, async (id, etag) => {
      await views.remove(id, etag);
      return {};
    }),
  );
};

function shown({ key: _, run, who, ...view }: KeptView, showsNames: boolean): SavedView {
  return {
    ...view,
    ...(run && { run: { id: run.id, name: run.name } }),
    ...(showsNames && { who }),
    etag: viewTag(view),
  };
}

/**
 * Those of some views that somebody may see: both volumes of a view are found where they were. One that is not there is told as such to who sees everything;
 * to others it may be what is hidden from them.
 */
async function seenOf(
  context: ApiContext,
  views: readonly KeptView[],
  { signal, showsNames }: { signal: AbortSignal; showsNames: boolean },
): Promise<SavedViews> {
  const seesAll = context.access?.seesAll ?? true;
  const known = await cataloguedOf(
    context,
    views.flatMap(({ to, ref }) => [ref, shownByAddress(to)?.other ?? []].flat()),
  );
  const looked = new Map<string, Promise<string | undefined>>();
  const keyNow = async (ref: string): Promise<string | undefined> => {
    // one question for all: who sees little of many views asks no more than others
    if (ENTITY.test(ref) && !known.has(ref)) return undefined;
    const found = looked.get(ref) ?? keyOfRef(context, ref, signal);
    looked.set(ref, found);
    return found;
  };
  const isHere = async ({ to, ref, key }: KeptView): Promise<boolean> => {
    const { other } = shownByAddress(to) ?? {};
    const [own, beside] = await Promise.all([keyNow(ref), other === undefined ? "" : keyNow(other)]);
    return own !== undefined && beside !== undefined && (key === undefined || key === own);
  };
  const found: KeptView[] = [];
  const gone = new Set<KeptView>();
  for (let at = 0; at < views.length && found.length <= ANSWER_MAX; at += AT_ONCE) {
    const some = views.slice(at, at + AT_ONCE);
    const here = await Promise.all(some.map(isHere));
    for (const [i, one] of some.entries()) {
      if (!here[i]) gone.add(one);
      if (here[i] || seesAll) found.push(one);
    }
  }
  const answered = found.slice(0, ANSWER_MAX);
  const told = seesAll ? answered : await withoutHidden(context, answered);
  return {
    views: told.map((one, i) => ({ ...shown(one, showsNames), ...(gone.has(answered[i]!) && { isGone: true as const }) })),
    ...(found.length > ANSWER_MAX && { isCut: true as const }),
  };
}

const ENTITY = /^(tomogram|tiltseries|frame|annotationfile):(\d+)$/;
const TABLES = { tomogram: "tomogram", tiltseries: "tiltseries", frame: "frame", annotationfile: "annotation_file" } as const;

/** Those of some references that the catalogue has rows of, for who asks. */
async function cataloguedOf({ catalogue }: ApiContext, refs: readonly string[]): Promise<ReadonlySet<string>> {
  if (!catalogue) return new Set();
  const named = refs.flatMap((ref) => {
    const [, kind, id] = ENTITY.exec(ref) ?? [];
    return id === undefined ? [] : [{ kind: kind as keyof typeof TABLES, id }];
  });
  const found = await Promise.all(
    Object.entries(TABLES).map(async ([kind, table]) => {
      const ids = [...new Set(named.filter((one) => one.kind === kind).map(({ id }) => id))];
      if (ids.length === 0) return [];
      const text = `select id from emporium_portal.${table} where id = any($1::bigint[])`;
      const { rows } = await catalogue.pool.query<{ id: number }>(text, [ids]);
      return rows.map(({ id }) => `${kind}:${id}`);
    }),
  );
  return new Set(found.flat());
}

/** Key of a volume; undefined for one that is not there, or that nobody can say of whether it is. */
async function keyOfRef({ find, log }: ApiContext, ref: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await find(parseRef(ref), signal)).key;
  } catch (error) {
    signal.throwIfAborted();
    if (!isEmporiumError(error)) throw error;
    if (error.code !== "NOT_FOUND") log.debug(`the volume of a view was not found: ${error.message}`);
    return undefined;
  }
}

/** The views with those layers of their addresses that somebody may see. */
async function withoutHidden({ catalogue }: ApiContext, views: readonly KeptView[]): Promise<readonly KeptView[]> {
  const named = [...new Set(views.flatMap(({ to }) => layersIn(to)))].filter((id) => /^\d{1,10}$/.test(id));
  if (named.length === 0) return views;
  const text = "select f.id from emporium_portal.annotation_file f where f.id = any($1::bigint[])";
  const rows = catalogue ? (await catalogue.pool.query<{ id: number }>(text, [named])).rows : [];
  const seen = new Set(rows.map(({ id }) => String(id)));
  return views.map((one) => ({ ...one, to: withLayers(one.to, (id) => seen.has(id) || !/^\d+$/.test(id)) }));
}

/** A run keeps its dataset; its number or its name may be another after an import. */
const isOfRun = ({ run }: KeptView, { id, dataset, name }: RunOf): boolean =>
  run !== undefined && run.dataset === dataset && (run.name === name || run.id === id);

const RUN = "select r.id, r.dataset_id as dataset, r.name from emporium_portal.run r";
const OF_ENTITY: Readonly<Record<Exclude<Ref["kind"], "place">, string>> = {
  tomogram: `${RUN} join emporium_portal.tomogram t on t.run_id = r.id where t.id = $1::bigint`,
  tiltseries: `${RUN} join emporium_portal.tiltseries t on t.run_id = r.id where t.id = $1::bigint`,
  frame: `${RUN} join emporium_portal.frame t on t.run_id = r.id where t.id = $1::bigint`,
  annotationfile: `${RUN} where false and r.id = $1::bigint`,
};

async function runNumbered({ catalogue }: ApiContext, id: number): Promise<RunOf | undefined> {
  return (await catalogue?.pool.query<RunOf>(`${RUN} where r.id = $1::bigint`, [id]))?.rows[0];
}

/** The run that a volume is of, as far as the catalogue tells it to who asks; of a file of the tree that in whose folder it is. */
async function runOfRef({ catalogue }: ApiContext, ref: Ref): Promise<RunOf | undefined> {
  if (!catalogue) return undefined;
  const { pool, place } = catalogue;
  if (ref.kind !== "place") return (await pool.query<RunOf>(OF_ENTITY[ref.kind], [ref.id])).rows[0];
  if (ref.place !== place.id) return undefined;
  const [dataset, name] = ref.key.split("/");
  if (dataset === undefined || name === undefined) return undefined;
  const [prefixes, { rows }] = await Promise.all([
    knownPrefixes(pool),
    pool.query<RunOf & { prefix: string }>(
      `select r.id, r.dataset_id as dataset, r.name, r.s3_prefix as prefix from emporium_portal.run r where right('/' || rtrim(r.s3_prefix, '/'), length($1::text) + 1) = '/' || $1`,
      [`${dataset}/${name}`],
    ),
  ]);
  const found = rows.find(({ prefix }) => keyOf(prefix, prefixes) === `${dataset}/${name}`);
  return found && { id: found.id, dataset: found.dataset, name: found.name };
}
