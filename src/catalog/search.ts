import { type RawBuilder, sql } from "kysely";
import type pg from "pg";
import type { Clock } from "../core/clock.js";
import { nearest } from "../core/nearest.js";
import { counted } from "../core/units.js";
import type { SearchHits } from "../model/page-api.js";
import { type Answers, AskedOnce, type AskedRow, type Steps } from "./asked-once.js";
import type { Sql } from "./graphql/comparison-sql.js";
import { compiled } from "./graphql/statement.js";

type Group = SearchHits["groups"][number];

/** Number of hits in a group. */
const HITS = 10;
/** Number of words that a misspelt one is compared with. */
const WORDS_MAX = 50_000;

/**
 * Finds datasets, runs, objects, depositions, people and files by the beginnings of all words of the query, or by their number;
 * datasets also by the objects that are annotated in them, files by the beginning of their name. Where nothing is found, the most similar words are offered, if they find something.
 *
 * @param pool of a role that only reads, with a `statement_timeout`. @param keptBytes of answers
 */
export function openSearch(
  pool: pg.Pool,
  clock: Clock,
  keptBytes?: number,
): (q: string, signal?: AbortSignal) => Promise<SearchHits> {
  const database = new AskedOnce(pool, clock, Object.keys(FINDERS).length, keptBytes);
  return async (q, signal) => {
    const answers = await database.latest();
    const ask: Ask = (statement) => answers.ask(compiled(statement), signal);
    const groups = await findGroups(q.trim(), ask);
    if (groups.length > 0) return { q, groups };
    const offered = await nearestWords(q, answers, signal);
    const isFound = offered !== undefined && (await findGroups(offered, ask)).length > 0;
    return { q, groups, ...(isFound && { nearest: offered }) };
  };
}

type Ask = (statement: Sql) => Promise<readonly AskedRow[]>;

async function findGroups(q: string, ask: Ask): Promise<Group[]> {
  if (q === "") return [];
  const kinds = Object.entries(FINDERS) as [Group["kind"], (q: string) => Finder][];
  const groups = await Promise.all(
    kinds.map(async ([kind, finder]): Promise<Group> => {
      const { statement, hit } = finder(q);
      const rows = await ask(sql`${statement} limit ${sql.lit(HITS + 1)}`);
      return { kind, hits: rows.slice(0, HITS).map((row) => hit(row.map((text) => text ?? ""))), more: rows.length > HITS };
    }),
  );
  return groups.filter(({ hits }) => hits.length > 0);
}

interface Finder {
  readonly statement: Sql;
  hit(row: readonly string[]): Group["hits"][number];
}

/**
 * A query for all words of a text as beginnings. They have only letters and digits by now; a text without words finds nothing.
 */
const asked = (q: string) =>
  sql`coalesce((select string_agg('''' || word || ''':*', ' & ') from unnest(tsvector_to_array(emporium.words(${q}))) as word), '')::tsquery`;
const isNamed = (column: string, q: string) => sql`emporium.words(${sql.ref(column)}) @@ ${asked(q)}`;
/** Order that has the whole text first, then values that begin with it. */
function byLikeness(value: RawBuilder<unknown>, q: string): Sql {
  const start = `${escaped(q.toLowerCase())}%`;
  return sql`lower(${value}) = ${q.toLowerCase()} desc, lower(${value}) like ${start} desc`;
}
const escaped = (text: string) => text.replace(/[\\%_]/g, "\\$&");
/** Condition that a name has the words, or the id is the number that was typed. */
function namedOr(id: string, column: string, q: string): Sql {
  return /^\d{1,9}$/.test(q) ? sql`(${isNamed(column, q)} or ${sql.ref(id)} = ${q}::int4)` : isNamed(column, q);
}

const FINDERS: Readonly<Record<Group["kind"], (q: string) => Finder>> = {
  datasets: (q) => ({ statement: datasetsSql(q), hit: datasetHit }),
  runs: (q) => ({
    statement: sql`select r.id, r.name, d.title from emporium_portal.run as r join emporium_portal.dataset as d on d.id = r.dataset_id
      where ${namedOr("r.id", "r.name", q)} order by ${byLikeness(sql.ref("r.name"), q)}, r.name, r.id`,
    hit: ([id, name, dataset]) => ({ title: name!, detail: dataset!, to: `/runs/${id}` }),
  }),
  annotations: (q) => ({
    // how many have each value is counted by triggers; of a number the name is that of any annotation with it
    statement: sql`select c.value, c.place, sum(c.rows) as rows,
        case when c.place = 'annotation.object_id' then (select a.object_name from emporium_portal.annotation as a
          where a.object_id = c.value and octet_length(a.object_id) <= 1000 limit 1) end
      from emporium.portal_count as c where c.place in ('annotation.object_name', 'annotation.object_id') and emporium.words(c.value) @@ ${asked(q)}
      group by c.value, c.place having sum(c.rows) > 0 order by ${byLikeness(sql.ref("c.value"), q)}, rows desc, c.value collate "C"`,
    hit: ([value, place, rows, name]) => ({
      title: value!,
      detail: [name, counted(Number(rows!), "annotation")].filter(Boolean).join(" · "),
      to: `/annotations?${place === "annotation.object_id" ? "go" : "object"}=${encodeURIComponent(value!)}`,
    }),
  }),
  depositions: (q) => ({
    statement: sql`select d.id, d.title, d.deposition_date::date from emporium_portal.deposition as d
      where ${namedOr("d.id", "d.title", q)} order by ${byLikeness(sql.ref("d.title"), q)}, d.id`,
    hit: ([id, title, day]) => ({ title: title!, detail: `${id} · ${day}`, to: `/depositions/${id}` }),
  }),
  people: (q) => ({ statement: peopleSql(q), hit: personHit }),
  files: (q) => ({
    statement: filesSql(q),
    hit: ([name, kind, id, of]) => ({ title: name!, detail: of!, to: `/${kind}/${id}` }),
  }),
};

/** SQL for datasets by their titles and numbers, then those in which such an object is annotated: who looks for ribosomes knows no titles. */
function datasetsSql(q: string): Sql {
  const objects = sql`select c.value from emporium.portal_count as c
    where c.place = 'annotation.object_name' and emporium.words(c.value) @@ ${asked(q)} group by c.value having sum(c.rows) > 0`;
  const holding = sql`select r.dataset_id, min(a.object_name) as object from emporium_portal.annotation as a
    join emporium_portal.run as r on r.id = a.run_id where a.object_name in (${objects}) group by r.dataset_id`;
  return sql`select d.id, d.title, d.organism_name, (select count(*) from emporium_portal.run as r where r.dataset_id = d.id), h.object
    from (select d.*, ${namedOr("d.id", "d.title", q)} as is_named from emporium_portal.dataset as d) as d
    left join (${holding}) as h on h.dataset_id = d.id where d.is_named or h.dataset_id is not null
    order by d.is_named desc, ${byLikeness(sql.ref("d.title"), q)}, d.id`;
}

function datasetHit([id, title, organism, runs, object]: readonly string[]): Group["hits"][number] {
  return {
    title: title!,
    detail: [id, organism, counted(Number(runs!), "run"), object].filter(Boolean).join(" · "),
    to: `/datasets/${id}`,
  };
}

/** SQL for the authors of datasets, of depositions, and of annotations alone, by name or ORCID. */
function peopleSql(q: string): Sql {
  const orcid = sql`${`${escaped(q.toUpperCase().replace(/^HTTPS?:\/\/ORCID\.ORG\//, ""))}%`}`;
  const isOrcid = /\d{4}/.test(q);
  const of = (
    table: string,
    parent: string,
  ) => sql`select a.name, a.orcid, ${sql.ref(`a.${parent}`)} as parent, ${sql.lit(table)} as kind
    from ${sql.table(`emporium_portal.${table}_author`)} as a where ${isNamed("a.name", q)} ${isOrcid ? sql`or a.orcid like ${orcid}` : sql``}`;
  const ofAnnotations = sql`select c.value, null, null::int4, 'annotation' from emporium.portal_count as c
    where c.place = 'annotation_author.name' and ${isNamed("c.value", q)} group by 1 having sum(c.rows) > 0`;
  const byOrcid = sql`select null, c.value, null::int4, 'annotation' from emporium.portal_count as c
    where c.place = 'annotation_author.orcid' and c.value like ${orcid} group by c.value having sum(c.rows) > 0`;
  const all = [of("dataset", "dataset_id"), of("deposition", "deposition_id"), ofAnnotations, ...(isOrcid ? [byOrcid] : [])];
  return sql`select p.name, max(p.orcid) as orcid, count(distinct p.parent) filter (where p.kind = 'dataset') as datasets,
      count(distinct p.parent) filter (where p.kind = 'deposition') as depositions, bool_or(p.kind = 'annotation') as annotates
    from (${sql.join(all, sql` union all `)}) as p (name, orcid, parent, kind)
    group by p.name, case when p.name is null then p.orcid end
    order by p.name is null, ${byLikeness(sql.ref("p.name"), q)}, 3 desc, p.name collate "C"`;
}

function personHit([
  name = "",
  orcid = "",
  datasets = "0",
  depositions = "0",
  annotates,
]: readonly string[]): Group["hits"][number] {
  const facet = name === "" ? ["orcid", orcid] : ["author", name];
  const parts = [
    name === "" ? "" : orcid,
    datasets === "0" ? "" : counted(Number(datasets), "dataset"),
    depositions === "0" ? "" : counted(Number(depositions), "deposition"),
    annotates === "t" || annotates === "true" ? "annotations" : "",
  ];
  return {
    title: name || orcid,
    detail: parts.filter(Boolean).join(" · "),
    to: `/${datasets === "0" ? "annotations" : "datasets"}?${facet[0]}=${encodeURIComponent(facet[1]!)}`,
  };
}

/** Tables with a column of file addresses, the page of each, and the entity that it belongs to. */
const FILES = [
  ["tomogram", "s3_omezarr_dir", "view/tomogram", "f.id", "f.run_id"],
  ["tomogram", "s3_mrc_file", "view/tomogram", "f.id", "f.run_id"],
  ["tiltseries", "s3_omezarr_dir", "view/tiltseries", "f.id", "f.run_id"],
  ["tiltseries", "s3_mrc_file", "view/tiltseries", "f.id", "f.run_id"],
  ["frame", "s3_frame_path", "view/frame", "f.id", "f.run_id"],
  ["annotation_file", "s3_path", "annotations", "s.annotation_id", "a.run_id"],
] as const;

/** SQL for the first few files of each kind by their names, which follow the last `/` of a key. */
function filesSql(q: string): Sql {
  const start = escaped(q.split("/").at(-1)!.toLowerCase());
  if (start === "") return sql`select null where false`;
  const parts = FILES.map(([table, column, page, id, run]) => {
    const name = sql`emporium.file_name(${sql.ref(`f.${column}`)})`;
    const shapes = sql`join emporium_portal.annotation_shape as s on s.id = f.annotation_shape_id join emporium_portal.annotation as a on a.id = s.annotation_id`;
    const found = sql`select f.* from ${sql.table(`emporium_portal.${table}`)} as f
      where ${name} like ${`${start}%`} and ${sql.ref(`f.${column}`)} is not null order by ${name} using ~<~ limit ${sql.lit(HITS + 1)}`;
    return sql`select regexp_replace(rtrim(${sql.ref(`f.${column}`)}, '/'), '^.*/', '') as name, ${sql.lit(page)} as page, ${sql.ref(id)} as id,
        (select r.name || ' · ' || d.title from emporium_portal.run as r join emporium_portal.dataset as d on d.id = r.dataset_id where r.id = ${sql.ref(run)}) as of
      from (${found}) as f ${table === "annotation_file" ? shapes : sql``}`;
  });
  return sql`select distinct name, page, id, of from (${sql.join(parts, sql` union all `)}) as file where id is not null order by name, page, id`;
}

/** The known words that are nearest to those of the text that begin none; undefined without any. */
async function nearestWords(q: string, answers: Answers, signal: AbortSignal | undefined): Promise<string | undefined> {
  const known = await answers.keep(
    "vocabulary",
    async (stop) => {
      const value = await answers.run(frequentWords(await answers.rows(compiled(TEXTS), stop)), stop);
      return { value, weight: 10 * value.length };
    },
    signal,
  );
  const better = wordsOf(q).map((word) => (known.some((one) => one.startsWith(word)) ? word : nearest(word, known)));
  if (better.some((word) => word === undefined)) return undefined;
  const text = better.join(" ");
  return text === wordsOf(q).join(" ") ? undefined : text;
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** The most frequent words, counted here rather than by `ts_stat`, which takes seconds for 20,000 names. */
function* frequentWords(rows: readonly AskedRow[]): Steps<string[]> {
  const counts = new Map<string, number>();
  for (const [at, [text]] of rows.entries()) {
    for (const word of new Set(wordsOf(text!))) counts.set(word, (counts.get(word) ?? 0) + 1);
    if (at % 100 === 0) yield;
  }
  const words = [...counts].sort(([a, more], [b, fewer]) => fewer - more || (a < b ? -1 : 1));
  return words.slice(0, WORDS_MAX).map(([word]) => word);
}

const NAMED = [
  ["dataset", "title"],
  ["deposition", "title"],
  ["run", "name"],
  ["dataset_author", "name"],
  ["deposition_author", "name"],
].map(([table, column]) => sql`select distinct left(${sql.ref(column!)}, 10000) from ${sql.table(`emporium_portal.${table}`)}`);
const TEXTS = sql`${sql.join(NAMED, sql` union all `)} union all select distinct value from emporium.portal_count
  where place in ('annotation.object_name', 'annotation.object_id', 'annotation_author.name') and value is not null`;
