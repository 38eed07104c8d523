import { statSync } from "node:fs";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { EmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { askedLines, PLEASE, PLEASE_CHECK } from "../../../formats/yaml/yaml-text.js";
import type { ComparedArchive } from "../../../model/compared-archive.js";
import type { Location } from "../../../stores/location.js";
import type { Store } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { checkConfig } from "../check/check.js";
import { writtenFor } from "../check/written-for.js";
import { type Account, accountLines, accountOf, oneLine, questionLines } from "./account.js";
import type { AnnotatedObject, Answers } from "./answers.js";
import type { Role } from "./claims.js";
import { configurationOf, emptyForm } from "./configuration/configuration.js";
import type { Asked, Decisions } from "./decide.js";
import { type DecisionsDocument, writeDecisions } from "./decisions-file.js";
import { inSmallHeap, type Known, knowLaboratory } from "./know.js";
import type { Laboratory } from "./survey/laboratory.js";

export interface NewConfigOptions {
  /** Folder or bucket to look at; without one the configuration is a form. */
  from?: string | undefined;
  answers?: Answers | undefined;
  /** What a person has decided already, such as in a file of decisions. */
  given?: DecisionsDocument | undefined;
  /** What the comparison of an archive with a portal tells of the folder: runs that the portal has are left out. */
  archive?: ComparedArchive | undefined;
  /** Finds the object of a word in a vocabulary. */
  objects?: ((word: string) => AnnotatedObject | undefined) | undefined;
  anonymous?: boolean | undefined;
  /** Called with the number of files that were looked at, and that of all. */
  onProgress?: ((done: number, of: number) => void) | undefined;
  /** Keeps the heads of a large folder, for a survey that goes on or is made again. */
  workspace?: string | undefined;
  signal: AbortSignal;
}

/** What became of a file. */
export interface FileFate {
  readonly path: string;
  /** Undefined: nobody knows what it is, or a question about it is open. */
  readonly role: Role | undefined;
  readonly run?: string | undefined;
  readonly because: string;
}

export interface NewConfig {
  /** The configuration. `ingest check` finds no error in it. */
  yaml: string;
  /** INPUT for `ingest run`: the folder that was looked at, or its bucket; undefined where none was looked at. */
  input: string | undefined;
  sourcePrefix: string;
  runs: readonly string[];
  /** Numbers of files, by what they are used as. */
  found: Readonly<Partial<Record<Role, number>>>;
  /** Software whose bookkeeping was read. */
  software: readonly string[];
  /** Every file of the folder with its fate. */
  files: readonly FileFate[];
  /** What became of the files, in lines for a person. */
  account: Account;
  /** Questions that the folder itself does not answer. */
  questions: readonly Asked[];
  /** What was decided of each file, as the text of a file that a person can edit and give again; undefined without a folder. */
  decisions: string | undefined;
  /** Lines that a person has to fill in, from 1. */
  toFill: readonly { line: number; what: string }[];
  /** Lines with guesses, for a person to look at. */
  toCheck: readonly { line: number; what: string }[];
  /** Errors that `ingest check` finds in it: none, unless this function has a fault. */
  errors: readonly ErrorRecord[];
  /** Where nothing is used until a question is answered, CONFIG_EMPTY: then `yaml` is empty, and the questions are in `decisions`. */
  refusal?: EmporiumError | undefined;
}

/**
 * Writes a configuration from a folder that nobody prepared: the bookkeeping of the software that worked there, headers and names tell what its files
 * are. Unknown values are valid placeholders with a comment that asks for them; what contradicts itself is asked, and left out until somebody decides.
 *
 * @throws {EmporiumError} STORE_ABSENT for an empty folder, CONFIG_EMPTY where nothing is known of any file and nothing is asked, LOCATION_UNKNOWN, STORE_…
 */
export async function newConfig({ from, answers = {}, anonymous, ...options }: NewConfigOptions): Promise<NewConfig> {
  if (from === undefined) return formOf(answers);
  const { store, ...input } = await openSource(from, { anonymous });
  return newConfigFor(store, { ...input, answers, ...options });
}

/** Opens a folder or bucket to look at. @throws {EmporiumError} LOCATION_UNKNOWN, STORE_… */
export async function openSource(
  from: string,
  { anonymous }: Pick<NewConfigOptions, "anonymous"> = {},
): Promise<{ readonly store: Store } & Pick<FolderOptions, "sourcePrefix" | "input">> {
  const place = parseLocation(from);
  const store = await openStore(place, { anonymous, readOnly: true });
  // of this machine not the folder above it: an output beside the sources would lie in the input
  if (place.path !== undefined || place.key === "") return { store, sourcePrefix: "", input: nameOf(place) };
  // the portal's own program takes a bucket alone as its input
  return { store, sourcePrefix: place.key, input: nameOf(parseLocation(place.root)) };
}

function nameOf({ path, url }: Location): string {
  return path ?? url;
}

export interface FolderOptions extends Omit<NewConfigOptions, "from" | "anonymous"> {
  readonly sourcePrefix: string;
  readonly input: string;
}

/** `newConfig` for a store that is open at the folder. */
export async function newConfigFor(
  store: Store,
  { given, archive, onProgress, workspace, signal, ...options }: FolderOptions,
): Promise<NewConfig> {
  return inSmallHeap(async () =>
    configOf(await knowLaboratory(store, { signal, onProgress, workspace, given, archive }), options),
  );
}

/**
 * The configuration of a folder that is known.
 *
 * @throws {EmporiumError} as `newConfig`
 */
export async function configOf(
  { laboratory, decisions }: Known,
  {
    sourcePrefix,
    input,
    answers = {},
    objects,
  }: Omit<FolderOptions, "given" | "archive" | "onProgress" | "workspace" | "signal">,
): Promise<NewConfig> {
  const { store } = laboratory;
  if (laboratory.files.length === 0) throw emptyFolder(store, laboratory);
  await turnOfTheLoop();
  const account = accountOf(laboratory, decisions);
  const refusal = decisions.runs.length === 0 ? nothingKnown(store, decisions) : undefined;
  if (decisions.runs.length === 0 && !refusal) throw nothingFound(store, decisions, account);
  const facts = {
    input,
    sourcePrefix,
    runs: decisions.runs,
    found: foundOf(decisions),
    software: decisions.software.map(({ software }) => software),
    files: fatesOf(laboratory, decisions),
    account,
    questions: decisions.questions,
    decisions: await writeDecisions(laboratory, decisions),
  };
  if (refusal) return { ...facts, yaml: "", toFill: [], toCheck: [], errors: [], refusal };
  const options = { sourcePrefix, answers, objects };
  const headingWith = (of: Account) =>
    [...headingOf(input), ...accountLines(of), ...questionLines(decisions)].filter((line) => line !== "");
  const { yaml, remarks } = await configurationOf(laboratory, decisions, { ...options, heading: headingWith(account) });
  const told = { ...account, notes: [...account.notes, ...remarks.map(oneLine)] };
  await turnOfTheLoop();
  const whole =
    remarks.length === 0 ? yaml : (await configurationOf(laboratory, decisions, { ...options, heading: headingWith(told) })).yaml;
  return finish(whole, { ...facts, account: told });
}

function emptyFolder(store: Store, { links }: Laboratory): EmporiumError {
  const path = store.local?.path("").replace(/\/$/, "");
  const there = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  const place = placeOf(store);
  if (path !== undefined && !there)
    return new EmporiumError("STORE_ABSENT", `${path} does not exist; expected a folder with tomograms or tilt series`, {
      place,
      hint: "check the name",
    });
  if (path !== undefined && !there!.isDirectory())
    return new EmporiumError("STORE_ABSENT", `${path} is a file; expected a folder with tomograms or tilt series`, {
      place,
      hint: "give the folder that it lies in",
    });
  return new EmporiumError("STORE_ABSENT", `${store.url} holds no files; expected a folder with tomograms or tilt series`, {
    place: placeOf(store),
    hint: toldOf(links) ?? "check the name",
  });
}

const toldOf = (links: Laboratory["links"]): string | undefined => links.told("the folder");

/** Where files wait for an answer alone: undefined where no question is open. */
function nothingKnown(store: Store, { questions }: Decisions): EmporiumError | undefined {
  const asked = questions.filter(({ answer }) => answer === undefined);
  if (asked.length === 0) return undefined;
  return new EmporiumError("CONFIG_EMPTY", "nothing is used until a question is answered", {
    place: placeOf(store),
    hint: oneLine(
      `${questionLines({ questions: asked })
        .map((line) => line.trim())
        .filter((line) => line !== "")
        .join(
          " ",
        )}: write your answer behind answer: in the file of decisions that --out NAME.yaml leaves beside it, and give it with --decisions`,
    ),
  });
}

/** A configuration of no run would be a form, and look as if the folder had been understood. */
function nothingFound(store: Store, { notes }: Decisions, { missed, leftOut }: Account): EmporiumError {
  const why = notes.length > 0 ? notes.join(" ") : [...missed, ...leftOut].join("; ");
  return new EmporiumError("CONFIG_EMPTY", `no tomogram, tilt series or list of points was found that can be used`, {
    place: placeOf(store),
    hint: oneLine(why === "" ? "check the name of the folder" : why),
  });
}

const placeOf = (store: Store) => (store.local ? { file: store.local.path("") } : { url: store.url });

function foundOf({ files }: Decisions): Partial<Record<Role, number>> {
  const found: Partial<Record<Role, number>> = {};
  for (const { role } of files.values()) found[role] = (found[role] ?? 0) + 1;
  return found;
}

function fatesOf(laboratory: Laboratory, { files, undecided }: Decisions): FileFate[] {
  return laboratory.files.map(({ path }): FileFate => {
    const file = files.get(path);
    if (!file) return { path, role: undefined, because: undecided.get(path) ?? "nobody knows it" };
    return { path, role: file.role, ...(file.run === undefined ? {} : { run: file.run }), because: file.because };
  });
}

function formOf(answers: Answers): NewConfig {
  return finish(emptyForm(answers, [...headingOf(undefined), "No folder was looked at: all globs are examples."]), {
    input: undefined,
    sourcePrefix: answers.sourcePrefix ?? "sources",
    runs: [],
    found: {},
    software: [],
    files: [],
    account: { published: [], missed: [], notes: [], leftOut: [] },
    questions: [],
    decisions: undefined,
  });
}

function finish(yaml: string, rest: Omit<NewConfig, "yaml" | "toFill" | "toCheck" | "errors">): NewConfig {
  const asked = (please: string) =>
    askedLines(yaml).flatMap((one) => (one.please === please ? [{ line: one.line, what: one.what }] : []));
  const { errors } = checkConfig(new TextEncoder().encode(yaml), "new.yaml");
  return { ...rest, yaml, toFill: asked(PLEASE), toCheck: asked(PLEASE_CHECK), errors };
}

function headingOf(input: string | undefined): string[] {
  return [
    `Lines that say "${PLEASE}" are placeholders: valid, and not true. Lines that say "${PLEASE_CHECK}" are guesses.`,
    "The brackets repeat the value that was written for you: once you change it, it counts as yours. To accept it, delete the comment.",
    ...(input === undefined ? [] : [oneLine(writtenFor(input))]),
  ];
}
