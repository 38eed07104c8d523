import { X } from "lucide-react";
import { Tabs } from "radix-ui";
import { useEffect, useRef } from "react";
import type { ServerFacts } from "../../src/model/page-api.js";
import { base } from "./api.js";
import { CopyButton } from "./copy.js";
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
import { bytes, plural } from "./format.js";
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
      <Answer asked={server}>{(facts) => <Ways wanted={wanted} served={servedBy(facts)} />}</Answer>
    </dialog>
  );
}

function Ways({ wanted, served }: { wanted: Wanted; served: Served }) {
  return (
    <Tabs.Root defaultValue="Files">
      <Tabs.List aria-label="Ways to download">
        <Tabs.Trigger value="Files">Files</Tabs.Trigger>
        {WAYS.map(([name]) => (
          <Tabs.Trigger key={name} value={name}>
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value="Files">
        <Links wanted={wanted} served={served} />
      </Tabs.Content>
      {WAYS.map(([name, says, ...texts]) => (
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
              {key.split("/").at(-1)}
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
