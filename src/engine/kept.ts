import { createHash } from "node:crypto";
import { z } from "zod";
import { asEmporiumError, EmporiumError, isEmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { inNumbers } from "../core/natural-order.js";
import { redact } from "../core/redact.js";
import { counted } from "../core/units.js";
import { fileStore } from "../stores/file/store.js";
import type { Entry, Store } from "../stores/store.js";
import { parseLocation } from "../stores/url.js";
import { type Env, envOf, type GivenEnv } from "./env.js";

/** A kind of answers of commands, kept in a workspace for the pages of `serve`: a file each, with a line about it and a line of all of it. */
export interface KeptKind<More extends z.ZodObject> {
  /** Folder in the workspace. */
  readonly folder: "harvest/compared" | "curate/matches" | "curate/labels" | "reports";
  /** Schema of the facts that are known of an answer without reading all of it. */
  readonly more: More;
  /**
   * Number of answers about the same that are kept. One alone is named by what it is about, and the next one takes its place;
   * several by their moments.
   */
  readonly ofOneMax: number;
  readonly answerBytesMax: number;
}

const Base = z.object({
  version: z.literal(1),
  /** Name of the file in its folder, without its end. Of several about the same: the moment, UTC, `2026-11-20T14-02-31`. */
  id: z.string(),
  at: z.iso.datetime(),
  /** The same for answers about the same. */
  about: z.string(),
});

export type KeptHead<More extends z.ZodObject> = z.output<typeof Base> & z.output<More>;

/** Subject of an answer: the first location gives it its name. */
interface About {
  readonly locations: readonly string[];
  /** Anything else that makes another answer. */
  readonly how?: unknown;
}

/** Most answers of one kind; the next line has their bytes. */
const KEPT_MAX = 200;
const BYTES_MAX = 512 * 1024 * 1024;
const HEAD_BYTES_MAX = 64 * 1024;
const ID = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

/** Kind of answers of which only the latest is of use; each has the words of the command line that answers the same. */
export const latestKind = (folder: KeptKind<z.ZodObject>["folder"]) => ({
  ...{ folder, more: z.object({ command: z.array(z.string()) }), ofOneMax: 1, answerBytesMax: LIMITS.metadataBytes },
});

/**
 * Keeps an answer; the oldest go when there are too many. What cannot be kept is a warning: the command has done what it was asked for.
 *
 * @returns its id, undefined if it is not kept
 */
export async function keepAnswer<More extends z.ZodObject>(
  workspace: Store,
  kind: KeptKind<More>,
  what: { readonly about: About; readonly more: z.output<More>; readonly answer: object },
  given: GivenEnv,
): Promise<string | undefined> {
  const env = envOf(given);
  try {
    return await keep(workspace, kind, what, env);
  } catch (error) {
    if (isEmporiumError(error) && error.code === "CANCELLED") throw error;
    const says = "the pages of emporium serve will not show this";
    env.log.warn(`${says}: ${asEmporiumError(error).message}`, { hint: "--workspace DIR" });
    return undefined;
  }
}

async function keep<More extends z.ZodObject>(
  workspace: Store,
  kind: KeptKind<More>,
  { about, more, answer }: Parameters<typeof keepAnswer<More>>[2],
  { clock, signal }: Env,
): Promise<string> {
  const whole = JSON.stringify(answer);
  const bytes = Buffer.byteLength(whole);
  if (bytes > kind.answerBytesMax) {
    throw new EmporiumError("CONFIG_LIMIT", `the result has ${counted(bytes, "byte")}, at most ${kind.answerBytesMax} are kept`);
  }
  const at = new Date(clock.now()).toISOString();
  const urls = about.locations.map(urlOf);
  const sum = createHash("sha256")
    .update(JSON.stringify([urls, about.how]))
    .digest("hex");
  const isNamed = kind.ofOneMax === 1;
  const name = isNamed ? `${wordsOf(urls[0] ?? "")}-${sum.slice(0, 8)}` : at.slice(0, 19).replaceAll(":", "-");
  for (let n = 1; ; n++) {
    const id = n === 1 ? name : `${name}-${n}`;
    const head = { ...more, version: 1, id, at, about: sum } as KeptHead<More>;
    try {
      const body = new TextEncoder().encode(`${JSON.stringify(head)}\n${whole}\n`);
      await workspace.write(fileOf(kind, id), body, { ifAbsent: !isNamed, signal });
    } catch (error) {
      // another one of this second
      if (isEmporiumError(error) && error.code === "STORE_CONFLICT" && n < 100) continue;
      throw error;
    }
    await removeOld(workspace, kind, head);
    return id;
  }
}

/** Answers of a kind, the latest first, and how many files there cannot be read as one. */
export async function listAnswers<More extends z.ZodObject>(
  workspace: Store,
  kind: KeptKind<More>,
): Promise<{ heads: KeptHead<More>[]; unreadable: number }> {
  const found = await headsOf(workspace, kind);
  const heads = found.flatMap(({ head }) => (head ? [head] : []));
  return { heads, unreadable: found.length - heads.length };
}

/** Bytes of an answer and the line about it. @throws {EmporiumError} NOT_FOUND */
export async function answerBytes(workspace: Store, kind: KeptKind<z.ZodObject>, id: string): Promise<number> {
  const stat = ID.test(id) ? await workspace.stat(fileOf(kind, id)) : undefined;
  if (!stat) throw notKept(id);
  return stat.size;
}

/** @throws {EmporiumError} NOT_FOUND; FORMAT_FIELD for a file that this program has not written so */
export async function readAnswer<More extends z.ZodObject, Answer extends object>(
  workspace: Store,
  kind: KeptKind<More>,
  id: string,
): Promise<{ head: KeptHead<More>; answer: Answer }> {
  const body = ID.test(id) ? await workspace.read(fileOf(kind, id)) : undefined;
  if (!body) throw notKept(id);
  const head = headIn(body, kind);
  try {
    const answer = JSON.parse(new TextDecoder().decode(body.subarray(body.indexOf(0x0a) + 1))) as Answer;
    if (head && typeof answer === "object" && answer !== null) return { head, answer };
  } catch {
    // said below
  }
  throw new EmporiumError("FORMAT_FIELD", `the kept result ${id} cannot be read`, { hint: "run its command again" });
}

/** An answer of which only the latest is of use. */
export interface Kept<Answer> extends KeptBrief {
  /** Words of the command line that answers the same. */
  readonly command: readonly string[];
  readonly result: Answer;
}

export interface KeptBrief {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
}

type LatestKind = ReturnType<typeof latestKind>;

/** `keepAnswer` of such a kind. */
export async function keepLatest(
  kind: LatestKind,
  answer: object,
  {
    workspace,
    command,
    about,
    ...env
  }: GivenEnv & { readonly workspace: string; readonly command: readonly string[]; readonly about: About },
): Promise<void> {
  await keepAnswer(fileStore(workspace), kind, { about, more: { command: command.map(redact) }, answer }, env);
}

export async function listLatest(kind: LatestKind, workspace: string): Promise<{ kept: KeptBrief[]; unreadable: number }> {
  const { heads, unreadable } = await listAnswers(fileStore(workspace), kind);
  return { kept: heads.map(({ id, at }) => ({ id, at })), unreadable };
}

/** @throws {EmporiumError} as `readAnswer` */
export async function readLatest<Answer extends object>(kind: LatestKind, workspace: string, id: string): Promise<Kept<Answer>> {
  const { head, answer } = await readAnswer<LatestKind["more"], Answer>(fileStore(workspace), kind, id);
  return { id, at: head.at, command: head.command, result: answer };
}

const notKept = (id: string) =>
  new EmporiumError("NOT_FOUND", `there is no kept result ${id.slice(0, 100)}`, { hint: "see the list" });
const fileOf = ({ folder }: { folder: string }, id: string) => `${folder}/${id}.jsonl`;
const urlOf = (location: string) => redact(parseLocation(location).url.replace(/\/+$/, ""));

/** `demo-out_file_metadata`: what people know it by. */
function wordsOf(url: string): string {
  const words = url.split("/").slice(-2).join("_");
  const plain = words.replace(/\.[a-z]+$/i, "").replace(/(?:%[0-9A-F]{2}|[^\w.-])+/gi, "-");
  return plain.replace(/^[.-]+/, "").slice(0, 80) || "result";
}

interface Found<More extends z.ZodObject> extends Pick<Entry, "key" | "size"> {
  readonly head: KeptHead<More> | undefined;
}

/** The latest first; what cannot be read comes last. */
async function headsOf<More extends z.ZodObject>(workspace: Store, kind: KeptKind<More>): Promise<Found<More>[]> {
  const found: Found<More>[] = [];
  for await (const { key, size } of workspace.list(`${kind.folder}/`)) {
    const [id, rest] = key.slice(kind.folder.length + 1).split(".jsonl");
    if (rest !== "" || !ID.test(id ?? "")) continue;
    const bytes = await workspace.read(key, { offset: 0, length: HEAD_BYTES_MAX });
    // another process may have removed it
    if (bytes) found.push({ key, size, head: headIn(bytes, kind) });
  }
  const idIn = ({ head }: Found<More>) => head?.id ?? "";
  const order = ({ head }: Found<More>) => head?.at ?? "";
  return found.sort((a, b) => inNumbers(order(b), order(a)) || inNumbers(idIn(b), idIn(a)));
}

function headIn<More extends z.ZodObject>(bytes: Uint8Array, { more }: KeptKind<More>): KeptHead<More> | undefined {
  try {
    const line: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0x0a))));
    return { ...more.parse(line), ...Base.parse(line) } as KeptHead<More>;
  } catch {
    return undefined;
  }
}

async function removeOld<More extends z.ZodObject>(
  workspace: Store,
  kind: KeptKind<More>,
  latest: KeptHead<More>,
): Promise<void> {
  let [bytes, kept, ofOne] = [0, 0, 0];
  for (const { key, size, head } of await headsOf(workspace, kind)) {
    const isOfOne = head?.about === latest.about;
    bytes += size;
    kept++;
    if (isOfOne) ofOne++;
    const isOver = kept > KEPT_MAX || bytes > BYTES_MAX || (isOfOne && ofOne > kind.ofOneMax);
    if (isOver && head?.id !== latest.id) await workspace.remove(key);
  }
}
