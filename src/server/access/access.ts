import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import type { Hidden, RootRow, Roots, Seen } from "../../catalog/seen.js";
import type { Clock } from "../../core/clock.js";
import { asEmporiumError, EmporiumError } from "../../core/errors.js";
import { few } from "../../core/finding.js";
import type { Log } from "../../core/log.js";
import { Recent } from "../../core/recent.js";
import { counted } from "../../core/units.js";
import type { AccessNote } from "../../model/page-api.js";
import type { Tokens } from "../tokens.js";
import { type AccessRules, linksOf, type Rule, readAccessRules } from "./rules.js";
import { type Viewer, viewerOf } from "./viewer.js";

/** What one viewer may see at one moment. Two viewers of whom the same is hidden have the same view. */
export interface View {
  /** The same for the same view of the same rows. */
  readonly key: string;
  /** Nothing is hidden, whatever is imported next. */
  readonly isWhole: boolean;
  /** What is not in the catalogue's tree: other locations, microscopy. */
  readonly seesOthers: boolean;
  /** What commands have left in the workspace. */
  readonly seesWorkspace: boolean;
  /** Something of a dataset that is seen may belong to a deposition that is not. */
  readonly hidesDepositions: boolean;
  /** The catalogue for this view. */
  readonly seen: Seen;
  readonly roots: Roots;
  /** Whether a dataset is seen, also one that the catalogue does not know. */
  seesDataset(id: number): boolean;
  seesDeposition(id: number): boolean;
  /** What is seen and not public. */
  readonly notes: {
    readonly datasets: Readonly<Record<string, AccessNote>>;
    readonly depositions: Readonly<Record<string, AccessNote>>;
  };
}

/** Rules of access of a running server: the one decision that everything that answers asks. */
export interface Access {
  viewOf(request: Request): Promise<View>;
  viewerOf(request: Request): Viewer;
  readonly tokens: Tokens | undefined;
  /** How long a link of this key still shows anything; undefined for a key that is not known, or shows nothing any more. */
  linkOf(key: string): { readonly leftMs: number } | undefined;
  /** Headers of requests that decide what is seen. */
  variesBy(): readonly string[];
}

export interface AccessOptions {
  /** `access.yaml`. */
  readonly file: string;
  readonly tokens?: Tokens | undefined;
  /** Reads the datasets and depositions; undefined without a catalogue. */
  readonly roots?: (() => Promise<Roots>) | undefined;
  /** Whether the rows are all there. Default: they are. */
  readonly isSettled?: (() => boolean) | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds for which the file and the rows are taken to be as they were. */
const FRESH_MS = 1_000;
/** A file that was changed less than these milliseconds ago may be half written. */
const SETTLED_MS = 500;
const TOLD_MAX = 5;
/** Number of viewers whose view is at hand: who scrolls through a volume asks a hundred times a second. */
const VIEWERS_MAX = 256;
const NO_ROOTS: Roots = { version: "", datasets: new Map(), depositions: new Map() };

/** @throws {EmporiumError} CONFIG_…, USAGE for a wrong file; DATABASE_… */
export async function openAccess({
  file,
  tokens,
  roots: read,
  isSettled = () => true,
  clock,
  log,
}: AccessOptions): Promise<Access> {
  let rules = readAccessRules(file);
  let [version, stamp] = [1, stampOf(file).text];
  let lookedMs = clock.monotonic();
  function look(): void {
    const nowMs = clock.monotonic();
    const { text, changedMs } = stampOf(file);
    if (text !== stamp && isBetween(clock.now() - changedMs, 0, SETTLED_MS)) return;
    lookedMs = nowMs;
    if (text === stamp) return;
    stamp = text;
    try {
      const read = readAccessRules(file);
      if (read.isBlank && !rules.isBlank)
        throw new EmporiumError("CONFIG_FIELD", `${file} has become empty`, { hint: OPEN_HINT });
      rules = read;
      version++;
      log.info(`${file} has changed: its new rules hold from now on`);
      isTold = false;
    } catch (error) {
      const { message, facts } = asEmporiumError(error);
      log.error(`${message}; the rules of before stay`, { hint: facts.hint, line: facts.place?.line });
    }
  }
  let known: { readonly roots: Roots; readonly ms: number } | undefined;
  let reading: Promise<void> | undefined;
  let isStale = false;
  let isTold = false;
  async function refreshed(): Promise<Roots> {
    if (!read) return NO_ROOTS;
    if (!known || isStale || clock.monotonic() - known.ms >= FRESH_MS) {
      // what is read is as new as this moment, whoever asked first
      reading ??= read()
        .then((roots) => {
          known = { roots, ms: clock.monotonic() };
          isStale = false;
        })
        .finally(() => (reading = undefined));
      // with the database gone the rows of before are still the rows, and days go on
      await reading.catch((error: unknown) => {
        if (!known) throw error;
        log.debug(`the datasets could not be read for rules of access: ${String(error)}`);
      });
    }
    return known!.roots;
  }
  await refreshed();
  const views = new Recent<string, { readonly view: View; readonly fromMs: number; readonly untilMs: number }>(VIEWERS_MAX);
  const asks = (request: Request): Viewer => {
    if (clock.monotonic() - lookedMs >= FRESH_MS) look();
    return viewerOf(request, rules, tokens, clock.now());
  };
  return {
    tokens,
    viewerOf: asks,
    async viewOf(request) {
      const roots = await refreshed();
      const viewer = asks(request);
      if (!isTold && isSettled()) {
        isTold = true;
        warnOf(rules, roots, clock.now(), file, log);
        warnOfNames(rules, tokens, file, log);
      }
      const nowMs = clock.now();
      const key = JSON.stringify([
        version,
        roots.version,
        [...viewer.names],
        [...viewer.scopes],
        viewer.links.map(({ hash }) => hash.toString("hex")),
      ]);
      const held = views.get(key);
      if (held && nowMs >= held.fromMs && nowMs < held.untilMs) return held.view;
      const view = viewFor(viewer, rules, `${version}`, roots, nowMs, () => (isStale = true));
      views.set(key, { view, fromMs: nowMs, untilMs: nextChange(rules, roots, nowMs) });
      return view;
    },
    linkOf(key) {
      const nowMs = clock.now();
      const [link] = linksOf(rules, [key], nowMs);
      return link && { leftMs: link.untilMs - nowMs };
    },
    variesBy: () =>
      ["authorization", "cookie", ...(rules.proxy ? [rules.proxy.user, rules.proxy.groups ?? ""] : [])].filter(
        (name) => name !== "",
      ),
  };
}

function stampOf(file: string): { readonly text: string; readonly changedMs: number } {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return { text: `${mtimeMs} ${size} ${ino}`, changedMs: mtimeMs };
  } catch {
    return { text: "gone", changedMs: 0 };
  }
}

const isBetween = (value: number, least: number, end: number): boolean => value >= least && value < end;
const OPEN_HINT = "write default: public if everybody may see everything";

/** The decision. @param changed is told when the rows turn out to be others */
function viewFor(viewer: Viewer, rules: AccessRules, version: string, roots: Roots, nowMs: number, changed: () => void): View {
  // whoever may write starts jobs, which read everything
  const isWhole = viewer.scopes.has("write");
  const seesWorkspace = viewer.scopes.size > 0;
  const seesOthers = isWhole || rules.default.kind === "public" || seesWorkspace;
  const granted = (of: "datasets" | "depositions", id: number) => viewer.links.some((link) => link[of].has(id));
  const sees = (of: "datasets" | "depositions", id: number, row: RootRow | undefined): boolean =>
    isWhole || isOpen(rules[of].get(id) ?? rules.default, row, nowMs, viewer.names) || granted(of, id);
  const hiddenOf = (of: "datasets" | "depositions") =>
    [...new Set([...roots[of].keys(), ...rules[of].keys()])]
      .filter((id) => !sees(of, id, roots[of].get(id)))
      .sort((a, b) => a - b);
  const depositions = new Set(hiddenOf("depositions"));
  const datasets = new Set(hiddenOf("datasets"));
  for (const { id, deposition } of roots.datasets.values())
    if (deposition !== undefined && depositions.has(deposition)) datasets.add(id);
  const key = isWhole
    ? `whole ${version} ${roots.version}`
    : JSON.stringify([version, roots.version, seesOthers, seesWorkspace, [...datasets], [...depositions]]);
  const isKnown = (of: "datasets" | "depositions", id: number) => roots[of].has(id) || rules[of].has(id);
  const openNote = (of: "datasets" | "depositions") =>
    notesOf(rules[of], rules.default, roots[of], of === "datasets" ? datasets : depositions, nowMs);
  return {
    key: createHash("sha256").update(key).digest("base64url"),
    isWhole,
    seesOthers,
    seesWorkspace,
    hidesDepositions: !isWhole && (depositions.size > 0 || rules.default.kind !== "public"),
    roots,
    seesDataset: (id) => (isKnown("datasets", id) ? !datasets.has(id) : sees("datasets", id, undefined)),
    seesDeposition: (id) => (isKnown("depositions", id) ? !depositions.has(id) : sees("depositions", id, undefined)),
    seen: {
      hidden(now) {
        if (now.version === roots.version)
          return { datasets: among(datasets, now.datasets), depositions: among(depositions, now.depositions) };
        changed();
        return hiddenAfter({ datasets, depositions }, roots, now);
      },
    },
    notes: { datasets: openNote("datasets"), depositions: openNote("depositions") },
  };
}

const among = (hidden: ReadonlySet<number>, rows: ReadonlyMap<number, RootRow>): number[] =>
  [...hidden].filter((id) => rows.has(id));

/** What is hidden when rows have changed since the decision: also whatever is new or another row now. */
function hiddenAfter(
  hidden: { datasets: ReadonlySet<number>; depositions: ReadonlySet<number> },
  before: Roots,
  now: Roots,
): Hidden {
  const of = (name: "datasets" | "depositions") =>
    [...now[name].values()]
      .filter((row) => hidden[name].has(row.id) || !isSame(row, before[name].get(row.id)))
      .map(({ id }) => id);
  const depositions = of("depositions");
  const gone = new Set(depositions);
  const datasets = new Set(of("datasets"));
  for (const { id, deposition } of now.datasets.values()) if (deposition !== undefined && gone.has(deposition)) datasets.add(id);
  return { datasets: [...datasets], depositions };
}

const isSame = (row: RootRow, other: RootRow | undefined): boolean =>
  row.releaseMs === other?.releaseMs && row.deposition === other?.deposition && other !== undefined;

/** The next moment at which a rule or a release date opens something. Links that end are other viewers. */
function nextChange(rules: AccessRules, roots: Roots, nowMs: number): number {
  const rulesMs = [...rules.datasets.values(), ...rules.depositions.values()].map((rule) =>
    rule.kind === "for" ? rule.untilMs : nowMs,
  );
  const rowsMs = [...roots.datasets.values(), ...roots.depositions.values()].map(({ releaseMs = nowMs }) => releaseMs);
  let next = Number.POSITIVE_INFINITY;
  for (const ms of [...rulesMs, ...rowsMs]) if (ms > nowMs && ms < next) next = ms;
  return next;
}

/** Whether a rule lets somebody see what it is for. */
function isOpen(rule: Rule, row: RootRow | undefined, nowMs: number, names: ReadonlySet<string> = NOBODY): boolean {
  switch (rule.kind) {
    case "public":
      return true;
    case "embargoed":
      return row?.releaseMs !== undefined && nowMs >= row.releaseMs;
    case "for":
      return nowMs >= rule.untilMs || rule.names.some((name) => names.has(name));
  }
}
const NOBODY: ReadonlySet<string> = new Set();

/** What pages say of whatever is seen without being public. */
function notesOf(
  rules: ReadonlyMap<number, Rule>,
  usual: Rule,
  rows: ReadonlyMap<number, RootRow>,
  hidden: ReadonlySet<number>,
  nowMs: number,
): Record<string, AccessNote> {
  const notes: Record<string, AccessNote> = {};
  for (const row of rows.values()) {
    const rule = rules.get(row.id) ?? usual;
    if (hidden.has(row.id) || isOpen(rule, row, nowMs)) continue;
    const until =
      rule.kind === "for"
        ? rule.until
        : row.releaseMs === undefined
          ? undefined
          : new Date(row.releaseMs).toISOString().slice(0, 10);
    notes[row.id] = rule.kind === "for" ? { for: [...rule.names], until } : { until };
  }
  return notes;
}

/** Warns of names that nobody can have: a name that was mistyped keeps out whom it is for. */
function warnOfNames(rules: AccessRules, tokens: Tokens | undefined, file: string, log: Log): void {
  if (rules.isBlank) log.warn(`${file} is empty: everybody sees everything`, { hint: OPEN_HINT });
  // a proxy may name anybody
  if (rules.proxy) return;
  const groups = new Set([...rules.groupsOf.values()].flat());
  const given = [...rules.datasets.values(), ...rules.depositions.values()].flatMap((rule) =>
    rule.kind === "for" ? rule.names.filter((name) => !groups.has(name)) : [],
  );
  const unknown = [...new Set([...given, ...rules.groupsOf.keys()])].filter((name) => tokens?.isKnown(name) !== true);
  if (unknown.length === 0) return;
  log.warn(`${file} names ${few(unknown, TOLD_MAX)}: no token and no group has such a name, and no proxy names users`, {
    hint: "give each a line in the file of --token-file, or say in proxy whose headers name users",
  });
}

/** Warns of what a person may not have meant. */
function warnOf(rules: AccessRules, roots: Roots, nowMs: number, file: string, log: Log): void {
  if (roots === NO_ROOTS) return;
  for (const of of ["datasets", "depositions"] as const) {
    const listed = new Set([...rules[of].keys(), ...rules.links.flatMap((link) => [...link[of]])]);
    const unknown = [...listed].filter((id) => !roots[of].has(id));
    if (unknown.length === 0) continue;
    const shown = [
      unknown.slice(0, TOLD_MAX).join(", "),
      ...(unknown.length > TOLD_MAX ? [`${unknown.length} in all`] : []),
    ].join(", … ");
    log.warn(
      `${file} names ${counted(unknown.length, of.slice(0, -1))} that the catalogue does not have (${shown}): the rules hold once it does`,
    );
  }
  const isPublic = (of: "datasets" | "depositions", id: number) =>
    isOpen(rules[of].get(id) ?? rules.default, roots[of].get(id), nowMs);
  const shown = [...roots.datasets.values()].filter(
    ({ id, deposition }) => deposition !== undefined && !isPublic("datasets", id) && isPublic("depositions", deposition),
  );
  for (const { id, deposition } of shown.slice(0, TOLD_MAX)) {
    log.warn(`dataset ${id} is not public, but its deposition ${deposition} is: everybody sees the title and authors of that`, {
      hint: `${file} may have a rule for deposition ${deposition}, too`,
    });
  }
  for (const { name, datasets, depositions } of rules.links) {
    for (const id of datasets) {
      const deposition = roots.datasets.get(id)?.deposition;
      if (
        deposition === undefined ||
        depositions.has(deposition) ||
        (rules.depositions.get(deposition) ?? rules.default).kind === "public"
      )
        continue;
      log.warn(
        `${file}: the link ${name} shows dataset ${id} and not its deposition ${deposition}: what is hidden of that stays hidden`,
        {
          hint: `add depositions: [${deposition}] to the link`,
        },
      );
    }
  }
}
