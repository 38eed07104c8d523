import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import type { ChangedMatch, MatchDecided, MatchesAnswer, MatchFile, MatchFolder, ShownMatch } from "../../src/model/page-api.js";
import { AnswerError, ask } from "../parts/api.js";
import { angstrom, bytes, moment, plural, shape } from "../parts/format.js";
import { isTyping, letterKeys } from "../parts/settings.js";
import { apiErrorOf } from "../parts/states.js";
import { tellTabs } from "../parts/tabs.js";
import { VolumePicture } from "../parts/volume-picture.js";
import { send, useWriting } from "../parts/writing.js";
import { nameDiff, type Stretch } from "./name-diff.js";
import "./matches.css";

type Choice = "accept" | "reject" | "undo";
const DONE = { accept: "accepted", reject: "rejected", undo: "undone" } as const;
const KEYS: Readonly<Record<string, Choice>> = { a: "accept", r: "reject", u: "undo" };

/** Outcome of the last decision on a row. */
interface Said {
  readonly name: string;
  readonly text: string;
  readonly isBad: boolean;
}

/**
 * Rows of which one is current, and what is known of it beside them. Who may decide does so by keys or by buttons; a row that somebody else has decided
 * meanwhile shows their choice, and nothing is written.
 */
export function Review({
  answer,
  children,
}: {
  answer: MatchesAnswer;
  /** The table; its rows take `rowProps`. */
  children: (rowProps: (at: number) => RowProps) => ReactNode;
}) {
  const { rows, id, decisions } = answer;
  const mayDecide = useWriting("review") && decisions !== undefined && decisions.error === undefined;
  const [focused, setFocused] = useState(0);
  const current = Math.min(focused, rows.length - 1);
  const row = rows[current]!;
  const list = useRef<HTMLDivElement>(null);
  const wanted = useRef(false);
  useEffect(() => {
    if (!wanted.current) return;
    wanted.current = false;
    list.current?.querySelector<HTMLElement>(`[data-row="${current}"]`)?.focus();
  });
  // keys work on arrival, unless somebody is elsewhere already
  useEffect(() => {
    const now = document.activeElement;
    if (now === document.body || now?.id === "main")
      list.current?.querySelector<HTMLElement>('[data-row="0"]')?.focus({ preventScroll: true });
  }, []);
  const { decide, said } = useDeciding(id);
  const goTo = (at: number) => {
    wanted.current = true;
    setFocused(Math.min(Math.max(at, 0), rows.length - 1));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isTyping(event.nativeEvent) || event.ctrlKey || event.metaKey || event.altKey) return;
    const letter = letterKeys.get() ? event.key.toLowerCase() : "";
    const isRow = (event.target as HTMLElement).dataset.row !== undefined;
    const arrow = isRow ? { ArrowDown: 1, ArrowUp: -1, Home: -rows.length, End: rows.length }[event.key] : undefined;
    const step = arrow ?? { j: 1, k: -1 }[letter];
    const choice = mayDecide ? KEYS[letter] : undefined;
    if (step !== undefined) goTo(current + step);
    else if (choice) void decide(row, choice);
    else return;
    event.preventDefault();
  };
  const rowProps = (at: number): RowProps => ({
    "data-row": at,
    "aria-selected": at === current,
    tabIndex: at === current ? 0 : -1,
    onFocus: () => setFocused(at),
  });
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: rows and buttons inside have the focus
    <div ref={list} className="review" onKeyDown={onKeyDown}>
      {children(rowProps)}
      <aside className="panel" aria-label="The current row">
        <Heading row={row} />
        {said?.name === row.name && said?.isBad && (
          <p role="alert" className="bad">
            ✕ {said.text}
          </p>
        )}
        {mayDecide && row.etag !== undefined && <Buttons row={row} decide={decide} next={() => goTo(current + 1)} />}
        {mayDecide && row.etag === undefined && <p className="muted">This row has no path: nothing can be decided about it.</p>}
        {decisions && (
          <p className="muted">
            {plural(decisions.decided, "row")} decided
            {decisions.savedAt !== undefined && decisions.decided > 0 && `, saved ${timeOf(decisions.savedAt)}`}
          </p>
        )}
        <Evidence row={row} set={id} />
        <p role="status" className="hidden">
          {said && !said.isBad && said.text}
        </p>
      </aside>
    </div>
  );
}

export interface RowProps {
  readonly "data-row": number;
  readonly "aria-selected": boolean;
  readonly tabIndex: number;
  readonly onFocus: () => void;
}

/** `14:02 CET`, in the zone of this browser. */
const timeOf = (iso: string): string => moment(iso).slice(11);

/** Key of every query for a part of a table. */
const TABLES = { queryKey: ["matches"] };

function useDeciding(set: string | undefined) {
  const queries = useQueryClient();
  const [said, setSaid] = useState<Said>();
  const underWay = useRef(new Set<string>());
  const show = ({ row, decisions }: MatchDecided) =>
    queries.setQueriesData<MatchesAnswer>(TABLES, (shown) =>
      shown && shown.id === set
        ? {
            ...shown,
            decisions,
            rows: shown.rows.map((one) => (one.name === row.name ? { ...row, datasetId: one.datasetId } : one)),
          }
        : shown,
    );
  const decide = async ({ name, etag, decision, archiveRun }: ShownMatch, choice: Choice): Promise<void> => {
    if (name === undefined || etag === undefined || underWay.current.has(name)) return;
    if (choice === (decision ?? "undo")) return; // it is so already
    underWay.current.add(name);
    try {
      const query = set === undefined ? "" : `?set=${encodeURIComponent(set)}`;
      const done = await send<MatchDecided>(
        "PUT",
        `curate/decisions/${name}${query}`,
        { decision: choice },
        { ifMatch: `"${etag}"` },
      );
      show(done);
      tellTabs("matches");
      setSaid({ name, isBad: false, text: `${archiveRun} ${DONE[choice]}, saved ${timeOf(done.decisions.savedAt ?? "")}` });
    } catch (error) {
      const { message, hint } = apiErrorOf(error);
      if (error instanceof AnswerError && error.status === 412) show(error.error as ChangedMatch);
      else if (error instanceof AnswerError && error.status === 404) void queries.invalidateQueries(TABLES);
      setSaid({ name, isBad: true, text: [message, hint].filter(Boolean).join("; ") });
    } finally {
      underWay.current.delete(name);
    }
  };
  return { decide, said };
}

function Buttons({
  row,
  decide,
  next,
}: {
  row: ShownMatch;
  decide: (row: ShownMatch, choice: Choice) => Promise<void>;
  next: () => void;
}) {
  return (
    <p className="row wrap">
      {(["accept", "reject"] as const).map((choice) => (
        <button
          key={choice}
          type="button"
          aria-pressed={row.decision === choice}
          aria-keyshortcuts={choice[0]!}
          onClick={() => void decide(row, choice)}
        >
          <kbd>{choice[0]!.toUpperCase()}</kbd> {choice}
        </button>
      ))}
      <button
        type="button"
        aria-disabled={row.decision === undefined}
        aria-keyshortcuts="u"
        onClick={() => void decide(row, "undo")}
      >
        <kbd>U</kbd> undo
      </button>
      <button type="button" aria-keyshortcuts="j" onClick={next}>
        <kbd>J</kbd> next
      </button>
    </p>
  );
}

function Heading({ row }: { row: ShownMatch }) {
  const { archiveRun, portalRun, portalRunId, datasetId } = row;
  const [own, other] = nameDiff(archiveRun, portalRun);
  const run = [portalRunId && `run ${portalRunId}`, datasetId && `dataset ${datasetId}`].filter(Boolean).join(", ");
  return (
    <>
      <h2 className="hidden">{archiveRun}</h2>
      <p className="names">
        <Name stretches={own} />
        <Name stretches={other} />
        <small className="muted">{run}</small>
      </p>
      <p>
        <Decided row={row} />
      </p>
    </>
  );
}

/** Reasons why the two may be one, and what is in the folder. */
function Evidence({ row: { folder, rule, score, reason, name }, set }: { row: ShownMatch; set: string | undefined }) {
  const { data, error } = useQuery({
    queryKey: ["match-folder", set, name],
    queryFn: ({ signal }) => ask<MatchFolder>(`curate/matches/${name}?set=${encodeURIComponent(set ?? "")}`, signal),
    enabled: name !== undefined && set !== undefined,
  });
  const seen = data?.files.find(({ ref, shape: has }) => ref !== undefined && has !== undefined)?.ref;
  return (
    <>
      <p>
        {rule} {score.toFixed(2)}: {reason}
      </p>
      {folder && (
        <p>
          <code>{folder}</code>
        </p>
      )}
      {error && <p className="bad">The folder cannot be read: {apiErrorOf(error).message}</p>}
      {seen && <VolumePicture key={seen} of={seen} />}
      {data && data.files.length > 0 && (
        <ul>
          {data.files.map((file) => (
            <FileLine key={file.name} file={file} />
          ))}
          {data.more > 0 && <li className="muted">and {plural(data.more, "more file")}</li>}
        </ul>
      )}
    </>
  );
}

function FileLine({ file: { name, size, shape: voxels, voxelSizeAngstrom, fault } }: { file: MatchFile }) {
  const [z, y, x] = voxels ?? [];
  const facts = [
    bytes(size),
    voxels && shape(x, y, z),
    voxelSizeAngstrom !== undefined && angstrom(voxelSizeAngstrom),
    fault && `⚠ ${fault}`,
  ];
  return (
    <li>
      <code>{name}</code> <small className="muted">{facts.filter(Boolean).join(" · ")}</small>
    </li>
  );
}

/** Decision on a row and the person who made it; for an undone decision the person who undid it. */
export function Decided({ row: { decision, who, note } }: { row: ShownMatch }) {
  const by = `${who ? ` · ${who}` : ""}${note ? ` · ${note}` : ""}`;
  if (decision === "accept") return <span className="ok">✓ accepted{by}</span>;
  if (decision === "reject") return <span className="bad">✕ rejected{by}</span>;
  return <span className="muted">{who ? `undone${by}` : "not decided"}</span>;
}

const OWN = { background: "none", color: "var(--warn)", borderBottom: "2px solid", fontWeight: 600 } as const;

/** A name; letters that the other one lacks are marked. */
export function Name({ stretches }: { stretches: readonly Stretch[] }) {
  return (
    <code>
      {stretches.map(({ text, isOwn }, at) => {
        const key = `${at} ${text}`;
        return isOwn ? (
          <mark key={key} title="only in this name" style={OWN}>
            {text}
          </mark>
        ) : (
          <span key={key}>{text}</span>
        );
      })}
    </code>
  );
}
