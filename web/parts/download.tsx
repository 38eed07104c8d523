import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { Tabs } from "radix-ui";
import { useEffect, useRef, useState } from "react";
import type { ServerFacts } from "../../src/model/page-api.js";
import { base } from "./api.js";
import { CopyButton } from "./copy.js";
import { type Contents, contentsOf, RUNS_MAX } from "./download-contents.js";
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
  type Wanted,
} from "./download-text.js";
import { bytes, count, plural } from "./format.js";
import { useServer } from "./queries.js";
import { Answer } from "./states.js";

type TextOf = (wanted: Wanted, served: Served) => PasteText;
const WAYS: readonly [name: string, says: string, ...texts: TextOf[]][] = [
  ["emporium", "Verified and resumable: the same command goes on where it was stopped.", emporiumText],
  ["AWS", "The command line of AWS, without an account.", awsText],
  ["curl", "Single files; a Zarr is a folder.", curlText],
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
      <Answer asked={server}>
        {(facts) =>
          wanted.kind === "run" || wanted.kind === "dataset" ? (
            <Chosen wanted={wanted} served={servedBy(facts)} />
          ) : (
            <Ways wanted={wanted} served={servedBy(facts)} />
          )
        }
      </Answer>
    </dialog>
  );
}

/** Of runs and datasets one takes all, or some of their kinds, objects and formats. */
function Chosen({ wanted, served }: { wanted: Wanted; served: Served }) {
  const [isAll, setAll] = useState(true);
  const [left, setLeft] = useState<ReadonlySet<Contents>>(new Set());
  const asked = useQuery({
    queryKey: ["download", wanted.kind, ...wanted.items.map(({ id }) => id)],
    enabled: !isAll,
    queryFn: ({ signal }) => contentsOf(wanted, signal),
  });
  const chosen = asked.data?.all.filter((one) => !left.has(one)) ?? [];
  const parts = chosen.flatMap((one) => one.parts);
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
      ) : (
        <Answer asked={asked}>
          {(found) =>
            found === undefined ? (
              <p>These are more than {count(RUNS_MAX)} runs: choose among fewer of them, or take everything.</p>
            ) : (
              <>
                {found.elsewhere > 0 && (
                  <p className="warn" role="status">
                    ⚠ {plural(found.elsewhere, "file")} of the catalogue {found.elsewhere === 1 ? "is" : "are"} not in the tree
                    that is served.
                  </p>
                )}
                <ContentsTable all={found.all} left={left} setLeft={setLeft} />
                <p role="status">
                  {plural(parts.length, "file or volume", "files and volumes")}, {sizeOf(parts)}.{" "}
                  <span className="muted">Metadata, alignments and pictures come with everything.</span>
                </p>
                {parts.length > 0 && <Ways wanted={{ ...wanted, parts, files: parts }} served={served} isPart />}
              </>
            )
          }
        </Answer>
      )}
    </>
  );
}

interface ContentsTableProps {
  readonly all: readonly Contents[];
  readonly left: ReadonlySet<Contents>;
  setLeft(left: ReadonlySet<Contents>): void;
}

function ContentsTable({ all, left, setLeft }: ContentsTableProps) {
  const formats = [...new Set(all.map(({ format }) => format))];
  const take = (some: readonly Contents[], isTaken: boolean) =>
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
                <td className="number">{sizeOf(one.parts)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** Bytes of all parts whose size is known. */
function sizeOf(parts: Wanted["parts"]): string {
  const known = parts.flatMap(({ sizeBytes }) => (typeof sizeBytes === "number" ? [sizeBytes] : []));
  const text = bytes(known.reduce((sum, one) => sum + one, 0));
  return known.length === parts.length ? text : known.length === 0 ? "not known" : `${text} and more`;
}

/** @param isPart single files of entities: the portal's client and copick fetch whole ones */
function Ways({ wanted, served, isPart = false }: { wanted: Wanted; served: Served; isPart?: boolean }) {
  const ways = isPart ? WAYS.filter(([name]) => !WHOLE.has(name)) : WAYS;
  return (
    <Tabs.Root defaultValue="Files">
      <Tabs.List aria-label="Ways to download">
        <Tabs.Trigger value="Files">Files</Tabs.Trigger>
        {ways.map(([name]) => (
          <Tabs.Trigger key={name} value={name}>
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value="Files">
        <Links wanted={wanted} served={served} />
      </Tabs.Content>
      {ways.map(([name, says, ...texts]) => (
        <Tabs.Content key={name} value={name}>
          <p className="muted">{says}</p>
          {texts.map((text) => (
            <Text key={text.name} of={text(wanted, served)} />
          ))}
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}

function Links({ wanted: { parts, files }, served }: { wanted: Wanted; served: Served }) {
  const all = files ?? parts;
  const single = all.filter(({ key }) => !key.endsWith("/"));
  const known = all.filter(({ sizeBytes }) => typeof sizeBytes === "number");
  const nameOf = (key: string) => key.split("/").at(-1)!;
  const isOnly = new Set(single.map(({ key }) => nameOf(key))).size === single.length;
  return (
    <>
      <p>
        {plural(all.length, "file or volume", "files and volumes")},{" "}
        {bytes(known.reduce((sum, { sizeBytes }) => sum + sizeBytes!, 0))}
        {known.length < all.length && ` and ${all.length - known.length} of unknown size`}.
        {single.length < all.length && " Volumes in Zarr are folders: take one of the other ways."}
      </p>
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
  if ("none" in of) return <p>{of.none}</p>;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
      <pre className="text" tabIndex={0}>
        {of.text}
      </pre>
      <CopyButton text={of.text} />
    </>
  );
}

function servedBy({ addresses, bucket }: ServerFacts): Served {
  const at = (path: string) => new URL(path, base).href.replace(/\/$/, "");
  return { url: at("."), files: at(addresses.files), s3: at(addresses.s3), graphql: at(addresses.graphql), bucket };
}
