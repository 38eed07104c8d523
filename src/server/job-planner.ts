import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import type { Clock } from "../core/clock.js";
import { EmporiumError, type ErrorRecord } from "../core/errors.js";
import { counted } from "../core/units.js";
import type { PlanSummary } from "../model/page-api.js";
import { type JobInput, type JobKind, locationsOf, type NamedLocation } from "./job-kinds.js";
import { checkJobLocation, type JobRoot } from "./job-locations.js";
import { planSummary } from "./plan-summary.js";

const PLANNING_MS = 10 * 60_000;
const PLANNING_MAX = 4;
/** Limit in bytes of a planning command's output. */
export const DOCUMENT_BYTES = 64 * 2 ** 20;
const STDERR_BYTES = 64 * 2 ** 10;
/** Files up to this size (configurations, tables and graphs) are identified by their hash, larger ones by size and time. */
const FILE_BYTES = 16 * 2 ** 20;

interface PlannerOptions {
  readonly roots: readonly JobRoot[];
  readonly workspace: string;
  /** Program that runs a command, with its first words. */
  readonly program: readonly string[];
  /** Options before the words of every command. */
  readonly globals: readonly string[];
  readonly clock: Clock;
}

interface Planned {
  /** Hash of everything that determines what would be done: the plan, and the files that it reads. */
  readonly identity: string;
  /** Standard output of the planning command. */
  readonly document: Buffer;
  readonly errors: readonly ErrorRecord[];
  readonly exitStatus: number;
  readonly summary?: PlanSummary | undefined;
  readonly isGood: boolean;
}

/** Checks the input of a job, and asks the planning command of its kind what would be done. */
export function jobPlanner({ roots, workspace, program, globals, clock }: PlannerOptions) {
  const stopping = new AbortController();
  let planning = 0;

  /** The input of a job and all of its locations, each one checked against the roots of the server. */
  async function checked(kind: JobKind, input: JobInput): Promise<{ input: JobInput; locations: readonly NamedLocation[] }> {
    checkTexts(input);
    const given = locationsOf(kind, input);
    for (const location of given) checkJobLocation(location, roots, workspace);
    if (!kind.named) return { input, locations: given };
    const named = await kind.named(input);
    for (const location of named.locations) checkJobLocation(location, roots, workspace);
    return { input: named.input, locations: [...given, ...named.locations] };
  }

  function refuseIfBusy(): void {
    if (planning >= PLANNING_MAX) {
      throw new EmporiumError("STORE_THROTTLED", `${planning} plans are already being made`, {
        retry: "later",
        retryAfterMs: 5_000,
      });
    }
  }

  async function asked<T>(work: () => Promise<T>): Promise<T> {
    refuseIfBusy();
    planning++;
    try {
      return await work();
    } finally {
      planning--;
    }
  }

  /** Plans a job: what would be done now, and the identity of everything that determines it. */
  async function planned({ kind, input }: { readonly kind: JobKind; readonly input: JobInput }): Promise<Planned> {
    await checked(kind, input);
    const words = kind.planWords(input, globals);
    const files = await filesOf(kind, input);
    if (!words) return { identity: files, document: Buffer.alloc(0), errors: [], exitStatus: 0, isGood: true };
    const answer = await asked(() => printed([...program, ...words], stopping.signal, clock));
    const document = PlanDocument.safeParse(jsonOf(answer.out)).data;
    const isGood = document !== undefined && document.status !== "failed" && (answer.status === 0 || answer.status === 3);
    return {
      // a command that prints no plan has an identity as well: it is told by its errors
      identity: `${files} ${hashOf(JSON.stringify(withoutMoment(document) ?? null))}`,
      document: answer.out,
      errors: errorsOf(document, answer),
      exitStatus: answer.status,
      summary: isGood ? planSummary(document as Record<string, unknown>) : undefined,
      isGood,
    };
  }

  return {
    checked,
    /** @throws {EmporiumError} STORE_THROTTLED where too many plans are being made */
    refuseIfBusy,
    planned,
    /** Ends the planning commands under way. */
    close: () => stopping.abort(),
  };
}

/** Length of one value of the input: systems take no word of a command beyond 128 KiB, and no path beyond 4 KiB. */
const TEXT_MAX = 4_096;

/** Checks the texts of an input, all of which become words of a command. @throws {EmporiumError} USAGE, which names the field */
function checkTexts(input: JobInput): void {
  for (const [name, value] of Object.entries(input)) {
    for (const text of textsOf(value)) {
      const fault =
        text.length > TEXT_MAX
          ? `${counted(text.length, "character")}; expected at most ${TEXT_MAX}`
          : text.includes("\0")
            ? "expected a text without the character U+0000"
            : undefined;
      if (fault !== undefined) throw new EmporiumError("USAGE", `${name}: ${fault}`, { place: { path: name } });
    }
  }
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** The document of a planning command, as far as it is looked at. */
const PlanDocument = z.looseObject({
  status: z.string().optional(),
  plan: z.looseObject({}).optional(),
  errors: z.array(z.looseObject({ code: z.string(), message: z.string() })).optional(),
});

/** A plan without its time, which differs when the same plan is made again. */
function withoutMoment(document: z.output<typeof PlanDocument> | undefined): unknown {
  return document && { ...document, seconds: undefined, plan: document.plan && { ...document.plan, created: undefined } };
}

function errorsOf(document: z.output<typeof PlanDocument> | undefined, { status, said, cut }: Printed): ErrorRecord[] {
  if (document?.errors) return document.errors as unknown as ErrorRecord[];
  if (cut !== undefined)
    return [{ code: "TASK_FAILED", message: cut, hint: "run the same command in a terminal, which has no such limit" }];
  return status === 0 ? [] : [{ code: "TASK_FAILED", message: said.trim() || `the plan ended with status ${status}` }];
}

interface Printed {
  readonly status: number;
  readonly out: Buffer;
  /** The end of standard error. */
  readonly said: string;
  /** The reason for which the process was ended. */
  readonly cut?: string | undefined;
}

/** Runs a program and collects its output, in bounds of time and size. */
async function printed([file = "", ...words]: readonly string[], signal: AbortSignal, clock: Clock): Promise<Printed> {
  const child: ChildProcess = spawn(file, words, { stdio: ["ignore", "pipe", "pipe"] });
  const pieces: Buffer[] = [];
  let bytes = 0;
  let said = "";
  let cut: string | undefined;
  const end = (why: string) => {
    cut ??= why;
    child.kill("SIGKILL");
  };
  child.stdout!.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > DOCUMENT_BYTES) end(`the plan is longer than ${DOCUMENT_BYTES / 2 ** 20} MiB`);
    else pieces.push(piece);
  });
  child.stderr!.on("data", (piece: Buffer) => {
    said = (said + piece.toString("utf8")).slice(-STDERR_BYTES);
  });
  const over = new AbortController();
  void clock.sleep(PLANNING_MS, over.signal).then(
    () => end(`the plan took longer than ${counted(PLANNING_MS / 60_000, "minute")}`),
    () => {},
  );
  const stop = () => end("the server is stopping");
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const status = await new Promise<number>((resolve, reject) =>
      child.once("error", reject).once("close", (code) => resolve(code ?? 1)),
    );
    return { status, out: cut === undefined ? Buffer.concat(pieces) : Buffer.alloc(0), said, cut };
  } finally {
    over.abort();
    signal.removeEventListener("abort", stop);
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Identity of the files that the input names: configurations and tables. What folders hold is part of the plan. */
async function filesOf(kind: JobKind, input: JobInput): Promise<string> {
  const parts: string[] = [];
  for (const { text, use } of locationsOf(kind, input)) {
    const found = use === "read" && text.startsWith("/") ? await stat(text, { bigint: true }).catch(() => undefined) : undefined;
    if (!found?.isFile()) continue;
    const bytes = found.size <= FILE_BYTES ? hashOf(await readFile(text)) : `${found.size}:${found.mtimeNs}`;
    parts.push(bytes);
  }
  return parts.join(" ");
}

function hashOf(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
