import { useQuery } from "@tanstack/react-query";
import { Navigate, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Box, Download, Eye, File, FileText, Folder, Info, X } from "lucide-react";
import { lazy, type ReactNode, type SubmitEvent, Suspense, useEffect, useRef, useState } from "react";
import { editDistance } from "../../src/core/nearest.js";
import type { ListedEntry, Listing, PlaceFacts } from "../../src/model/page-api.js";
import { orAbsent } from "../parts/absent.js";
import { AnswerError, ask, base } from "../parts/api.js";
import { AppLink, addressOfKey, useGo } from "../parts/app-link.js";
import { Facts, fact } from "../parts/facts.js";
import { fileFactsQuery, shapeOf, voxelOf } from "../parts/file-record.js";
import { nameOf } from "../parts/files.js";
import { ABSENT, bytes, moment } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { crumbsOf } from "../parts/place-way.js";
import { useServer } from "../parts/queries.js";
import { Answer, apiErrorOf, Boundary, Empty, ErrorPanel, Loading } from "../parts/states.js";
import { remembered } from "../parts/store.js";
import { VolumePicture } from "../parts/volume-picture.js";

const TextPanel = lazy(() => import("../parts/text-panel.js"));

const pictures = remembered("filePictures", true, (value): value is boolean => typeof value === "boolean");

/** Folders and files of a place. */
export function Browse() {
  const { place: id, _splat: key = "" } = useParams({ strict: false }) as { place?: string; _splat?: string };
  const server = useServer();
  return (
    <div className="page">
      <Answer asked={server} title="Files">
        {({ places, catalogue }) => {
          const place = places.find((one) => one.id === id);
          if (place)
            return (
              <Part
                key={`${id}/${key}`}
                place={place}
                prefix={key && `${key.replace(/\/+$/, "")}/`}
                isTree={catalogue?.place === id}
              />
            );
          if (id === undefined && places.length === 1)
            return <Navigate to="/browse/$place/$" params={{ place: places[0]!.id, _splat: "" }} replace />;
          return <Places places={places} wrong={id} />;
        }}
      </Answer>
    </div>
  );
}

function Places({ places, wrong }: { places: readonly PlaceFacts[]; wrong: string | undefined }) {
  useCrumbs({ label: "Files" });
  useCommand({ ask: "server" });
  return (
    <>
      <h1>{wrong === undefined ? "Files" : "No such place"}</h1>
      <p>{wrong === undefined ? "What is served:" : `No place is called ${wrong}. These are:`}</p>
      {places.length === 0 && <Empty command="emporium serve LOCATION">Nothing is served here: no location was given.</Empty>}
      <ul className="hits">
        {places.map(({ id, name, kind }) => (
          <li key={id}>
            <AppLink to={`/browse/${id}`}>{name}</AppLink> <span className="muted">{kind}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

interface PartProps {
  readonly place: PlaceFacts;
  readonly prefix: string;
  /** Whether the place is a tree: its files are at `files/`, too. */
  readonly isTree: boolean;
}

function Part({ place, prefix, isTree }: PartProps) {
  const { after, header } = useSearch({ strict: false }) as { after?: string; header?: string };
  const parts = prefix.split("/").filter(Boolean);
  useCrumbs(...crumbsOf(place, parts));
  useCommand({ ask: listPath(place.id, prefix, after) });
  const asked = useQuery(listQuery(place.id, prefix, after));
  const isNowhere = prefix !== "" && asked.error instanceof AnswerError && asked.error.error.code === "NOT_FOUND";
  return (
    <>
      <h1>{parts.at(-1) ?? place.name}</h1>
      <div className={header === undefined ? undefined : "top beside"}>
        <div>
          {isNowhere ? (
            <EmptyPrefix place={place} prefix={prefix} />
          ) : (
            <Answer asked={asked}>
              {(listing) =>
                listing.entries.length === 0 ? (
                  <EmptyFolder place={place} prefix={prefix} after={after} />
                ) : (
                  <Entries listing={listing} place={place} isTree={isTree} />
                )
              }
            </Answer>
          )}
          {asked.error && place.kind === "web" && <OpenNamed place={place} prefix={prefix} />}
        </div>
        {header !== undefined && !asked.isPending && (
          <Boundary>
            <Opened {...{ place, isTree }} fileKey={header} entry={asked.data?.entries.find(({ key }) => key === header)} />
          </Boundary>
        )}
      </div>
    </>
  );
}

const listPath = (place: string, prefix: string, after?: string): string =>
  `places/${place}/list?${new URLSearchParams({ prefix, ...(after && { after }) })}`;

const listQuery = (place: string, prefix: string, after?: string) => ({
  queryKey: ["list", place, prefix, after],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<Listing>(listPath(place, prefix, after), signal),
});

function EmptyFolder({ place, prefix, after }: { place: PlaceFacts; prefix: string; after: string | undefined }) {
  if (after !== undefined) return <Empty>Nothing comes after this in the folder.</Empty>;
  if (prefix !== "") return <EmptyPrefix place={place} prefix={prefix} />;
  return (
    <Empty command="emporium ingest run config.yaml INPUT OUTPUT">
      {place.name} is empty: nothing has been written here yet.
    </Empty>
  );
}

/** Many web servers show no lists of files, and give each file whose name is known. */
function OpenNamed({ place, prefix }: { place: PlaceFacts; prefix: string }) {
  const go = useGo();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    if (name !== "") go(addressOfKey("/view/at", place.id, `${prefix}${name}`));
  };
  return (
    <form className="row wrap" onSubmit={submit}>
      <label className="row">
        A file or volume of this folder, by its name <input name="name" required maxLength={500} placeholder="volume.zarr" />
      </label>
      <button type="submit">Open in viewer</button>
    </form>
  );
}

/** Nothing is below this: a folder with nothing in it, a file, or nothing at all, with the names that come nearest. */
function EmptyPrefix({ place, prefix }: { place: PlaceFacts; prefix: string }) {
  const key = prefix.slice(0, -1);
  const parent = key.slice(0, key.lastIndexOf("/") + 1);
  const asked = useQuery(listQuery(place.id, parent));
  return (
    <Answer asked={asked}>
      {({ entries, next }) => {
        const itself = entries.find((entry) => entry.key === prefix || entry.key === key);
        if (itself?.kind === "folder") return <Empty>This folder is empty, or holds hidden files only.</Empty>;
        const far = (name: string) => editDistance(name.toLowerCase(), nameOf(key).toLowerCase());
        const near = itself ? [itself] : entries.toSorted((a, b) => far(a.name) - far(b.name)).slice(0, NEAR);
        return (
          <div className="panel">
            <p>
              {itself
                ? "This is no folder, but a file:"
                : next === undefined
                  ? `Nothing here is called ${nameOf(key)}.`
                  : `No folder is called ${nameOf(key)}, or it is empty.`}
              {!itself && near.length > 0 && " Near it:"}
            </p>
            <ul>
              {near.map(({ name, key: at, kind, ref }) => (
                <li key={at}>
                  <AppLink to={kind === "folder" ? addressOfKey("/browse", place.id, at) : besideOf(place.id, at, ref)}>
                    {name}
                  </AppLink>
                </li>
              ))}
              <li>
                <AppLink to={addressOfKey("/browse", place.id, parent)}>everything beside it</AppLink>
              </li>
            </ul>
          </div>
        );
      }}
    </Answer>
  );
}

const NEAR = 4;
/** The slices of a volume; of another file its header in the listing that it is in. */
const besideOf = (place: string, key: string, ref: string | undefined): string =>
  ref ? addressOfKey("/view/at", place, key) : addressOfKey("/browse", place, key.slice(0, key.lastIndexOf("/") + 1));

function Entries({ listing, place, isTree }: { listing: Listing; place: PlaceFacts; isTree: boolean }) {
  const shown = pictures.use();
  const isFar = place.kind === "bucket" || place.kind === "web";
  const hasVolumes = listing.entries.some(({ ref }) => ref !== undefined);
  const { next, ref, prefix } = listing;
  return (
    <>
      {ref && (
        <p>
          This folder is a volume:{" "}
          <AppLink to={addressOfKey("/view/at", place.id, prefix.replace(/\/$/, ""))}>open it in the viewer</AppLink>
        </p>
      )}
      {hasVolumes && (
        <label className="check">
          <input type="checkbox" checked={shown} onChange={({ target }) => pictures.set(target.checked)} />
          Pictures {isFar && <span className="muted">(each is read over the network)</span>}
        </label>
      )}
      <div className="scroll">
        <table className="phone-cards">
          <caption className="hidden">Folders and files</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Kind</th>
              <th scope="col" className="number">
                Shape
              </th>
              <th scope="col" className="number">
                Voxel Å
              </th>
              <th scope="col">dtype</th>
              <th scope="col" className="number">
                Size
              </th>
              <th scope="col">Changed</th>
              <th scope="col">Marks</th>
              <th scope="col">
                <span className="hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {listing.entries.map((entry) => (
              <Row key={entry.key} entry={entry} place={place} isTree={isTree} withPicture={shown} />
            ))}
          </tbody>
        </table>
      </div>
      {next !== undefined && <NextPart after={next} />}
    </>
  );
}

function NextPart({ after }: { after: string }) {
  const navigate = useNavigate();
  return (
    <button type="button" onClick={() => void navigate({ to: ".", search: (now) => ({ ...now, after }) })}>
      Further on, after {nameOf(after)}
    </button>
  );
}

/** True from when an element has first been in sight. */
function useSeen() {
  const ref = useRef<HTMLTableRowElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && setSeen(true));
    observer.observe(ref.current!);
    return () => observer.disconnect();
  }, []);
  return [ref, isSeen] as const;
}

interface RowProps {
  readonly entry: ListedEntry;
  readonly place: PlaceFacts;
  readonly isTree: boolean;
  readonly withPicture: boolean;
}

function Row({ entry, place, isTree, withPicture }: RowProps) {
  const { name, key, kind, format, ref, sizeBytes, modifiedAt, marks } = entry;
  const [row, isSeen] = useSeen();
  const navigate = useNavigate();
  const isHeaderOpen = (useSearch({ strict: false }) as { header?: string }).header === key;
  const facts = useQuery({ ...fileFactsQuery(place.id, key), enabled: isSeen && ref !== undefined });
  const records = Object.values(facts.data ?? {});
  const first = records[0];
  const Icon = kind === "folder" ? Folder : kind === "volume" ? Box : File;
  const why = whyNot(entry);
  // datasets of an HDF5 file: each opens by itself
  const parts = records.length > 1 ? records.map(({ location }) => location).filter((at) => at.includes("#/")) : [];
  const canOpen = ref !== undefined && !facts.error && parts.length === 0;
  const open = addressOfKey("/view/at", place.id, key);
  return (
    <tr ref={row}>
      <th scope="row">
        <span className="row">
          {withPicture && facts.data && ref !== undefined && parts.length === 0 ? (
            <span className="stage thumb">
              <VolumePicture of={ref} />
            </span>
          ) : (
            <Icon size={16} aria-hidden />
          )}
          {kind === "folder" ? (
            <AppLink to={addressOfKey("/browse", place.id, key)}>{name}</AppLink>
          ) : canOpen ? (
            <AppLink to={open}>{name}</AppLink>
          ) : (
            name
          )}
          {parts.map((part) => (
            <AppLink key={part} to={addressOfKey("/view/at", place.id, part)}>
              {part.slice(key.length)}
            </AppLink>
          ))}
        </span>
      </th>
      <td>{kind === "folder" ? "folder" : (format ?? "not a known format")}</td>
      {facts.error ? (
        <td colSpan={3} className="why">
          <span className="bad">✕ {apiErrorOf(facts.error).code}</span> {apiErrorOf(facts.error).message}
        </td>
      ) : (
        <>
          <td className="number">
            {first ? shapeOf(first) : ref === undefined ? orAbsent(undefined, why) : "…"}
            {records.length > 1 && ` +${records.length - 1}`}
          </td>
          <td className="number detail" title={first && `from: ${first.sources.voxel_size ?? "the file"}`}>
            {orAbsent(first && voxelOf(first), why)}
          </td>
          <td className="detail">{orAbsent(first?.dtype, why)}</td>
        </>
      )}
      <td className="number detail">
        {orAbsent(bytes(sizeBytes), kind === "file" ? "the place does not say" : "of many files: not counted")}
      </td>
      <td className="detail">{orAbsent(modifiedAt && moment(modifiedAt), "the place does not say")}</td>
      <td className="warn" title={records.flatMap(({ warnings }) => warnings).join("\n") || undefined}>
        {[...(marks ?? []), ...(records.some(({ warnings }) => warnings.length > 0) ? ["header"] : [])]
          .map((mark) => `⚠ ${mark}`)
          .join(" ")}
      </td>
      <td className="act">
        <span className="row">
          {canOpen && (
            <AppLink className="button bare" to={open} label={`Open ${name}`}>
              <Eye size={16} aria-hidden />
            </AppLink>
          )}
          {(ref !== undefined || mayBeText(entry)) && (
            <button
              type="button"
              className="bare"
              aria-label={ref === undefined ? `Read ${name}` : `Header of ${name}`}
              aria-expanded={isHeaderOpen}
              title={ref === undefined ? "Read" : "Header"}
              onClick={() => void navigate({ to: ".", search: (now) => ({ ...now, header: isHeaderOpen ? undefined : key }) })}
            >
              {ref === undefined ? <FileText size={16} aria-hidden /> : <Info size={16} aria-hidden />}
            </button>
          )}
          {kind === "file" && (
            <a
              className="button bare"
              href={bytesOf(place.id, key, isTree)}
              download
              aria-label={`Download ${name}`}
              title="Download"
            >
              <Download size={16} aria-hidden />
            </a>
          )}
        </span>
      </td>
    </tr>
  );
}

/** Reason why an entry has no shape or voxel size. */
function whyNot({ kind, format, ref }: ListedEntry): string {
  if (ref !== undefined) return "its header does not say";
  if (kind === "folder") return "a folder";
  return format === undefined ? "not a known format" : `${format}: not an image`;
}

/** Address of a file's bytes. */
function bytesOf(place: string, key: string, isTree: boolean): string {
  const path = key.split("/").map(encodeURIComponent).join("/");
  return new URL(isTree ? `files/${path}` : `at/${place}/${path}`, base).href;
}

const NO_TEXT: ReadonlySet<string | undefined> = new Set(["picture", "IMOD model"]);

/** A file that is no volume by its name. Whether it is a text is seen when it is read. */
const mayBeText = ({ kind, format, ref }: ListedEntry): boolean => kind === "file" && ref === undefined && !NO_TEXT.has(format);

interface OpenedProps {
  readonly place: PlaceFacts;
  readonly isTree: boolean;
  readonly fileKey: string;
  readonly entry: ListedEntry | undefined;
}

/** What is in a file, beside the listing: a volume's header, or the text. */
function Opened({ place, isTree, fileKey, entry }: OpenedProps) {
  const navigate = useNavigate();
  const close = () => void navigate({ to: ".", search: ({ header: _, ...rest }: { header?: string }) => rest });
  const isText = entry !== undefined && mayBeText(entry);
  const text = (
    <Suspense fallback={<Loading what="the file" />}>
      <TextPanel key={fileKey} url={bytesOf(place.id, fileKey, isTree)} name={nameOf(fileKey)} />
    </Suspense>
  );
  return (
    <aside className={`panel side-panel ${isText ? "reading" : ""}`} aria-label={isText ? "Text" : "Header"}>
      <div className="spread">
        <h2>{nameOf(fileKey)}</h2>
        <button type="button" className="bare" onClick={close} aria-label={isText ? "Close text" : "Close header"}>
          <X size={16} aria-hidden />
        </button>
      </div>
      {isText ? text : <Header place={place} fileKey={fileKey} entry={entry} text={text} />}
    </aside>
  );
}

/** All that a header says. @param text shown where the file is of no format that has one */
function Header({ place, fileKey, entry, text }: Omit<OpenedProps, "isTree"> & { text: ReactNode }) {
  const { data, error, refetch } = useQuery(fileFactsQuery(place.id, fileKey));
  if (error)
    return (
      <>
        <ErrorPanel error={error} again={() => void refetch()} />
        {apiErrorOf(error).code === "FORMAT_UNKNOWN" && text}
      </>
    );
  if (data === undefined) return <Loading what="the file" />;
  return (
    <>
      {entry?.ref && (
        <span className="stage">
          <VolumePicture of={entry.ref} />
        </span>
      )}
      {Object.entries(data).map(([name, record]) => (
        <section key={name}>
          {record.warnings.map((text) => (
            <p key={text} className="warn">
              ⚠ {text}
            </p>
          ))}
          <Facts
            facts={[
              fact("Format", record.format, "file"),
              fact("Shape", shapeOf(record), record.sources.shape ?? "file"),
              fact("Voxel", voxelOf(record) === ABSENT ? undefined : `${voxelOf(record)} Å`, record.sources.voxel_size ?? "file"),
              fact("dtype", record.dtype, record.sources.dtype ?? "file"),
              fact("Axes", record.axes.join(" "), "file"),
            ]}
          />
          <details>
            <summary>Everything in the header</summary>
            <pre className="text">{JSON.stringify(record.raw_metadata, null, 2)}</pre>
          </details>
        </section>
      ))}
    </>
  );
}
