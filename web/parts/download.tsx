import { useQuery } from "@tanstack/react-query";
import { Download, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { DownloadContent, ServerFacts } from "../../src/model/page-api.js";
import { base } from "./api.js";
import { contentsOf, levelsOf, onlyOf, sizeOf } from "./download-contents.js";
import {
  addressOf,
  awsText,
  copickPythonText,
  copickText,
  curlText,
  emporiumText,
  type PasteText,
  pythonText,
  type Served,
  selectionText,
  type Wanted,
  zipText,
} from "./download-text.js";
import { bytes, count, plural } from "./format.js";
import { useServer } from "./queries.js";
import { Answer, apiErrorOf } from "./states.js";
import { PasteLines, TextTabs } from "./text-tabs.js";

type TextOf = (wanted: Wanted, served: Served) => PasteText;
const WAYS: readonly [name: string, says: string, ...texts: TextOf[]][] = [
  ["emporium", "Verified and resumable: the same command goes on where it was stopped.", emporiumText],
  ["AWS", "The command line of AWS, without an account.", awsText],
  ["curl", "Everything as one zip, or single files; a Zarr is a folder.", zipText, curlText],
  ["Python", "With the portal's own client: pip install cryoet-data-portal", pythonText],
  [
    "copick",
    "A project for picking, of the whole dataset: pip install copick. The command writes it, the lines of Python open it.",
    copickText,
    copickPythonText,
  ],
];

/** Ways that fetch whole runs and datasets alone. */
const WHOLE: ReadonlySet<string> = new Set(["Python", "copick"]);

/** Ways to fetch something from the server that this page is from. */
export function DownloadDialog({ wanted, close }: { wanted: Wanted; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const server = useServer();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const [first, ...others] = wanted.items;
  return (
    <dialog ref={dialog} className="large" onClose={close} aria-labelledby="download-title">
      <div className="spread">
        <h2 id="download-title">
          Download {others.length === 0 ? `${wanted.kind} ${first?.name}` : plural(wanted.items.length, wanted.kind)}
        </h2>
        <button type="button" className="bare" onClick={close} aria-label="Close">
          <X size={16} aria-hidden />
        </button>
      </div>
      {wanted.leftOut && (
        <p className="warn" role="status">
          ⚠ {wanted.leftOut}
        </p>
      )}
      <Answer asked={server}>{(facts) => <Chosen wanted={wanted} served={servedBy(facts)} />}</Answer>
    </dialog>
  );
}

/** One takes all, or some of the kinds, objects, formats and levels. */
function Chosen({ wanted, served }: { wanted: Wanted; served: Served }) {
  const [isAll, setAll] = useState(true);
  const [left, setLeft] = useState<ReadonlySet<DownloadContent>>(new Set());
  const selection = selectionText({ kind: wanted.kind, items: wanted.items });
  const asked = useQuery({
    queryKey: ["download", selection],
    enabled: !isAll && selection !== undefined,
    queryFn: ({ signal }) => contentsOf(selection!, signal),
  });
  return (
    <>
      <fieldset className="choice">
        <legend className="hidden">What is fetched</legend>
        <button type="button" aria-pressed={isAll} onClick={() => setAll(true)}>
          Everything
        </button>
        <button type="button" aria-pressed={!isAll} onClick={() => setAll(false)}>
          Choose
        </button>
      </fieldset>
      {isAll ? (
        <Ways wanted={wanted} served={served} />
      ) : selection === undefined ? (
        <p role="status">These are too many to name in one address: choose among fewer of them, or take everything.</p>
      ) : isRefused(asked.error) ? (
        <Refused error={asked.error} />
      ) : (
        <Answer asked={asked}>
          {({ all, elsewhere }) => (
            <>
              {elsewhere > 0 && (
                <p className="warn" role="status">
                  ⚠ {plural(elsewhere, "file")} of the catalogue {elsewhere === 1 ? "is" : "are"} not in the tree that is served.
                </p>
              )}
              <ContentsTable all={all} left={left} setLeft={setLeft} />
              <Part wanted={wanted} served={served} all={all} chosen={all.filter((one) => !left.has(one))} />
            </>
          )}
        </Answer>
      )}
    </>
  );
}

interface PartProps {
  readonly wanted: Wanted;
  readonly served: Served;
  readonly all: readonly DownloadContent[];
  readonly chosen: readonly DownloadContent[];
}

/** What is chosen, one level of its volumes perhaps, and the ways to it. */
function Part({ wanted, served, all, chosen }: PartProps) {
  const [wantsLevels, setWantsLevels] = useState(false);
  const [level, setLevel] = useState<number>();
  const parts = chosen.flatMap((one) => one.parts);
  const some: Wanted = { ...wanted, parts, files: parts, only: onlyOf(all, chosen) };
  const selection = selectionText(some);
  const volumes = parts.filter(({ key }) => key.endsWith("/"));
  const asked = useQuery({
    queryKey: ["download levels", selection],
    enabled: wantsLevels && volumes.length > 0 && selection !== undefined,
    queryFn: ({ signal }) => levelsOf(selection!, signal),
    retry: false,
  });
  const taken = level === undefined ? undefined : asked.data?.levels[level];
  const whole = parts.filter((part) => taken === undefined || !volumes.includes(part));
  const measured = taken ? [...whole, { key: "", sizeBytes: taken.sizeBytes }] : parts;
  return (
    <>
      {volumes.length > 0 &&
        selection !== undefined &&
        (isRefused(asked.error) ? (
          <Refused error={asked.error} />
        ) : wantsLevels ? (
          <Answer asked={asked}>
            {({ levels, deeper }) => (
              <p>
                <label>
                  Levels of OME-Zarr{" "}
                  <select
                    value={taken ? level : ""}
                    onChange={({ target }) => setLevel(target.value === "" ? undefined : Number(target.value))}
                  >
                    <option value="">All</option>
                    {levels.map(({ sizeBytes }, at) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: a level is its number
                      <option key={at} value={at}>
                        {at === 0 ? "0, the finest" : at}: {sizeBytes === null ? "size not known" : bytes(sizeBytes)}
                      </option>
                    ))}
                  </select>
                </label>{" "}
                <span className="muted">
                  {taken && "The metadata that come with it name this level alone."}
                  {deeper > 0 && ` ${plural(deeper, "volume")} ${deeper === 1 ? "has" : "have"} more levels than these.`}
                </span>
              </p>
            )}
          </Answer>
        ) : (
          <p>
            <button type="button" className="bare" onClick={() => setWantsLevels(true)}>
              One level of OME-Zarr…
            </button>
          </p>
        ))}
      <p role="status">
        {plural(parts.length, "file or volume", "files and volumes")}, {sizeWords(measured)}.{" "}
        <span className="muted">Metadata, alignments and pictures come with everything.</span>
      </p>
      {parts.length > 0 && <Ways wanted={{ ...some, level: taken && { at: level!, path: taken.path } }} served={served} isPart />}
    </>
  );
}

interface ContentsTableProps {
  readonly all: readonly DownloadContent[];
  readonly left: ReadonlySet<DownloadContent>;
  setLeft(left: ReadonlySet<DownloadContent>): void;
}

function ContentsTable({ all, left, setLeft }: ContentsTableProps) {
  const formats = [...new Set(all.map(({ format }) => format))];
  const take = (some: readonly DownloadContent[], isTaken: boolean) =>
    setLeft(new Set(all.filter((one) => (some.includes(one) ? !isTaken : left.has(one)))));
  return (
    <>
      <p className="row wrap">
        {formats.map((format) => {
          const own = all.filter((one) => one.format === format);
          return (
            <label key={format}>
              <input
                type="checkbox"
                checked={own.some((one) => !left.has(one))}
                onChange={({ target }) => take(own, target.checked)}
              />{" "}
              {format}
            </label>
          );
        })}
      </p>
      <div className="scroll contents">
        <table>
          <thead>
            <tr>
              <th>What</th>
              <th className="number">Files</th>
              <th className="number">Size</th>
            </tr>
          </thead>
          <tbody>
            {all.map((one) => (
              <tr key={`${one.kind} ${one.what} ${one.format}`}>
                <td>
                  <label>
                    <input type="checkbox" checked={!left.has(one)} onChange={({ target }) => take([one], target.checked)} />{" "}
                    {one.kind}
                    {one.what !== "" && `: ${one.what}`} <span className="muted">{one.format}</span>
                  </label>
                </td>
                <td className="number">{count(one.parts.length)}</td>
                <td className="number">{sizeWords(one.parts)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** Bytes of all parts whose size is known. */
function sizeWords(parts: Wanted["parts"]): string {
  const known = parts.flatMap(({ sizeBytes }) => (typeof sizeBytes === "number" ? [sizeBytes] : []));
  const text = bytes(known.reduce((sum, one) => sum + one, 0));
  return known.length === parts.length ? text : known.length === 0 ? "not known" : `${text} and more`;
}

/** @param isPart single files of entities: the portal's client and copick fetch whole ones */
function Ways({ wanted, served, isPart = false }: { wanted: Wanted; served: Served; isPart?: boolean }) {
  const ways = isPart ? WAYS.filter(([name]) => !WHOLE.has(name)) : WAYS;
  return (
    <TextTabs
      label="Ways to download"
      tabs={[
        { name: "Files", content: <Links wanted={wanted} served={served} /> },
        ...ways.map(([name, says, ...texts]) => ({
          name,
          content: (
            <>
              <p className="muted">
                {says}
                {name === "AWS" &&
                  wanted.level &&
                  " Metadata are copied as they are: they name all levels, of which this one is there."}
              </p>
              {texts.map((text) => (
                <Text key={text.name} of={text(wanted, served)} />
              ))}
            </>
          ),
        })),
      ]}
    />
  );
}

/** What was asked for is too much, or not there: asking again does not help. */
const isRefused = (error: unknown): boolean => error !== null && apiErrorOf(error).code === "USAGE";

function Refused({ error, before = "" }: { error: unknown; before?: string }) {
  const { message, hint } = apiErrorOf(error);
  const text = before + message + (hint ? `; ${hint}` : "");
  return <p role="status">{`${text[0]!.toUpperCase()}${text.slice(1)}.`}</p>;
}

/** All of it as one file, whose bytes are known before it is asked for. */
function Zip({ wanted, served }: { wanted: Wanted; served: Served }) {
  const selection = selectionText(wanted);
  const { data, error } = useQuery({
    queryKey: ["download size", selection],
    enabled: selection !== undefined,
    queryFn: ({ signal }) => sizeOf(selection!, signal),
    retry: false,
  });
  if (selection === undefined) return <p role="status">No zip: these are too many to name in one address. Take emporium.</p>;
  if (error) return <Refused error={error} before="No zip: " />;
  if (!data) return <p role="status">Counting the files of the zip…</p>;
  const { files, sizeBytes } = data;
  return (
    <p className="row wrap">
      <a className="button primary" href={`${served.zip}?${selection}`} download>
        <Download size={16} aria-hidden /> {sizeBytes === null ? "Download" : `Download ${bytes(sizeBytes)}`} as one zip
      </a>{" "}
      <span className="muted">
        {plural(files, "file")}
        {sizeBytes === null && ", of a size that is not known before"}. A zip cannot be resumed; a download by emporium can.
      </span>
    </p>
  );
}

function Links({ wanted, served }: { wanted: Wanted; served: Served }) {
  const { parts, files } = wanted;
  const all = files ?? parts;
  const single = all.filter(({ key }) => !key.endsWith("/"));
  const known = single.filter(({ sizeBytes }) => typeof sizeBytes === "number");
  const nameOf = (key: string) => key.split("/").at(-1)!;
  const isOnly = new Set(single.map(({ key }) => nameOf(key))).size === single.length;
  return (
    <>
      {(all.length !== 1 || single.length !== 1) && <Zip wanted={wanted} served={served} />}
      {single.length === 0 ? (
        <p>These are folders: the zip has them, and the other ways.</p>
      ) : (
        <p>
          {plural(single.length, "single file")}, {bytes(known.reduce((sum, { sizeBytes }) => sum + sizeBytes!, 0))}
          {known.length < single.length && ` and ${single.length - known.length} of unknown size`}.
          {single.length < all.length && " Volumes in Zarr are folders: the zip has them, and the other ways."}
        </p>
      )}
      <ul className="links">
        {single.map(({ key, sizeBytes }) => (
          <li key={key}>
            <a href={addressOf(key, served)} download>
              {isOnly ? nameOf(key) : key}
            </a>{" "}
            <small className="muted">{bytes(sizeBytes)}</small>
          </li>
        ))}
      </ul>
    </>
  );
}

function Text({ of }: { of: PasteText }) {
  return "none" in of ? <p>{of.none}</p> : <PasteLines text={of.text} />;
}

function servedBy({ addresses, bucket }: ServerFacts): Served {
  const at = (path: string) => new URL(path, base).href.replace(/\/$/, "");
  return {
    url: at("."),
    files: at(addresses.files),
    s3: at(addresses.s3),
    graphql: at(addresses.graphql),
    zip: at("api/v1/download/zip"),
    bucket,
  };
}
