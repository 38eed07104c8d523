import { quoteWords } from "../../src/core/shell.js";
import type { CatalogueFacts, PlaceFacts } from "../../src/model/page-api.js";
import { CopyButton } from "./copy.js";
import { moment, plural } from "./format.js";

interface Props {
  readonly catalogue: CatalogueFacts;
  readonly place: PlaceFacts | undefined;
  /** Time at which the tree changed, where that was after the catalogue was last brought up to date. */
  readonly changed: string | undefined;
}

/**
 * Notices of what is wrong with a catalogue, or not as one would think. They are loaded apart from the shell, since most
 * catalogues have none.
 */
export function CatalogueNotices({ catalogue, place, changed }: Props) {
  const { state, otherDatasets: others = [] } = catalogue;
  return (
    <>
      {state === "failed" && <p className="bad">✕ {failedText(catalogue, importCommand(place))}</p>}
      {others.length > 0 && (
        <p>
          The catalogue also has {plural(others.length, "dataset")} of other trees ({others.slice(0, 5).join(", ")}
          {others.length > 5 && ", …"}): listed here, but without files, which are not in {place?.name}.
        </p>
      )}
      {changed !== undefined && (
        <p className="row wrap">
          <span className="warn">⚠ The tree is newer than its catalogue: it changed {agoOf(changed)}.</span>
          <code>{importCommand(place)}</code> <CopyButton text={importCommand(place)} label="Copy command" bare />
        </p>
      )}
    </>
  );
}

/** What could not be brought into the catalogue, where and why, and what is in it all the same. @param again the command that lists all errors */
export function failedText({ error, inPart }: Pick<CatalogueFacts, "error" | "inPart">, again: string): string {
  const place = error?.path && !error.message.includes(error.path) ? ` (${error.path})` : "";
  const why = [error && `${error.message}${place}`, error?.hint].filter(Boolean).join("; ");
  if (!inPart) return `The catalogue could not be brought up to date: ${why}`;
  const { runsDone, runsFailed, errors } = inPart;
  const part = runsFailed > 0 ? `${runsFailed} of ${plural(runsDone + runsFailed, "run")}` : "A part of the tree";
  const more = errors > 1 ? ` ${plural(errors - 1, "more error")}: ${again} lists them.` : "";
  return `${part} could not be brought into the catalogue: ${why}. ${plural(runsDone, "run")} ${runsDone === 1 ? "is" : "are"} in it.${more}`;
}

/** Note in the foot of the page that the tree has changed. @param at when the tree changed */
export function TreeChanged({ at, place }: { at: string; place: PlaceFacts }) {
  return (
    <>
      <CopyButton text={importCommand(place)} label="bring up to date" title="Copy the command that does it" bare /> tree changed{" "}
      {agoOf(at)} ·{" "}
    </>
  );
}

/** Command that brings a catalogue up to date while it is served. It gives the place by its name, as everywhere. */
const importCommand = (place: PlaceFacts | undefined): string =>
  quoteWords(["emporium", "catalog", "import", place?.name ?? "TREE"]);

/** `3 min ago`, `2 h ago`, the day of what is older. */
function agoOf(iso: string): string {
  const minutes = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 60_000));
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 24 * 60 ? `${Math.round(minutes / 60)} h ago` : `on ${moment(iso).slice(0, 10)}`;
}
