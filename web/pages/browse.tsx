import { useQuery } from "@tanstack/react-query";
import { Navigate, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Box, Download, Eye, File, Folder, Info, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { quoteWords } from "../../src/core/shell.js";
import type { FileFacts, FileRecord, ListedEntry, Listing, PlaceFacts } from "../../src/model/page-api.js";
import { ask, base } from "../parts/api.js";
import { AppLink, addressOfKey } from "../parts/app-link.js";
import { Facts, fact } from "../parts/facts.js";
import { nameOf } from "../parts/files.js";
import { ABSENT, bytes, fixed } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { crumbsOf, inspectCommand } from "../parts/place-way.js";
import { useServer } from "../parts/queries.js";
import { Answer, apiErrorOf, Boundary, Empty, ErrorPanel, Loading } from "../parts/states.js";
import { remembered } from "../parts/store.js";
import { VolumePicture } from "../parts/volume-picture.js";

const pictures = remembered("filePictures", true, (value): value is boolean => typeof value === "boolean");

/** Folders and files of a place. */
export function Browse() {
  const { place: id, _splat: key = "" } = useParams({ strict: false }) as { place?: string; _splat?: string };
  const server = useServer();
  return (
    <div className="page">
      <Answer asked={server}>
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
            return <Navigate to="/browse/$place" params={{ place: places[0]!.id }} replace />;
          return <Places places={places} wrong={id} />;
        }}
      </Answer>
    </div>
  );
}

function Places({ places, wrong }: { places: readonly PlaceFacts[]; wrong: string | undefined }) {
  useCrumbs({ label: "Files" });
  useCommand(quoteWords(["emporium", "serve", ...places.map(({ name }) => name)]));
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
  /** Its files are at `files/`, too. */
  readonly isTree: boolean;
}

function Part({ place, prefix, isTree }: PartProps) {
  const { after, header } = useSearch({ strict: false }) as { after?: string; header?: string };
  const parts = prefix.split("/").filter(Boolean);
  useCrumbs(...crumbsOf(place, parts));
  useCommand(inspectCommand(place, parts));
  const asked = useQuery({
    queryKey: ["list", place.id, prefix, after],
    queryFn: ({ signal }) =>
      ask<Listing>(`places/${place.id}/list?${new URLSearchParams({ prefix, ...(after && { after }) })}`, signal),
  });
  return (
    <>
      <h1>{parts.at(-1) ?? place.name}</h1>
      <div className={header === undefined ? undefined : "top beside"}>
        <div>
          <Answer asked={asked}>
            {(listing) =>
              listing.entries.length === 0 ? (
                <EmptyFolder place={place} prefix={prefix} after={after} />
              ) : (
                <Entries listing={listing} place={place} isTree={isTree} />
              )
            }
          </Answer>
        </div>
        {header !== undefined && (
          <Boundary>
            <Header place={place} fileKey={header} entry={asked.data?.entries.find(({ key }) => key === header)} />
          </Boundary>
        )}
      </div>
    </>
  );
}

function EmptyFolder({ place, prefix, after }: { place: PlaceFacts; prefix: string; after: string | undefined }) {
  if (after !== undefined) return <Empty>Nothing comes after this in the folder.</Empty>;
  if (prefix !== "") return <Empty>This folder is empty, or holds hidden files only.</Empty>;
  return (
    <Empty command="emporium ingest run config.yaml INPUT OUTPUT">
      {place.name} is empty: nothing has been written here yet.
    </Empty>
  );
}

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

const factsQuery = (place: string, key: string) => ({
  queryKey: ["facts", place, key],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask<FileFacts>(`places/${place}/facts?${new URLSearchParams({ key })}`, signal),
});

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
  const facts = useQuery({ ...factsQuery(place.id, key), enabled: isSeen && ref !== undefined });
  const records = Object.values(facts.data ?? {});
  const first = records[0];
  const Icon = kind === "folder" ? Folder : kind === "volume" ? Box : File;
  const canOpen = ref !== undefined && !facts.error;
  const open = addressOfKey("/view/at", place.id, key);
  return (
    <tr ref={row}>
      <th scope="row">
        <span className="row">
          {withPicture && facts.data && ref !== undefined ? (
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
            {first ? shapeOf(first) : ref === undefined ? <span title={whyNot(entry)}>{ABSENT}</span> : "…"}
            {records.length > 1 && ` +${records.length - 1}`}
          </td>
          <td className="number detail">{first ? voxelOf(first) : ABSENT}</td>
          <td className="detail">{first?.dtype ?? ABSENT}</td>
        </>
      )}
      <td className="number detail">{bytes(sizeBytes)}</td>
      <td className="detail">{modifiedAt ? modifiedAt.slice(0, 16).replace("T", " ") : ABSENT}</td>
      <td className="warn">
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
          {ref !== undefined && (
            <button
              type="button"
              className="bare"
              aria-label={`Header of ${name}`}
              title="Header"
              onClick={() => void navigate({ to: ".", search: (now) => ({ ...now, header: key }) })}
            >
              <Info size={16} aria-hidden />
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

/** Why it cannot be opened as a picture. */
function whyNot({ kind, format }: ListedEntry): string {
  if (kind === "folder") return "a folder";
  return format === undefined ? "not a known format" : `${format}: not an image`;
}

/** Where its bytes are. */
function bytesOf(place: string, key: string, isTree: boolean): string {
  const path = key.split("/").map(encodeURIComponent).join("/");
  return new URL(isTree ? `files/${path}` : `at/${place}/${path}`, base).href;
}

/** `256 × 192 × 64`: x first, as people say it. */
const shapeOf = ({ shape }: FileRecord): string => [...shape].reverse().join(" × ");

function voxelOf({ voxel_size, unit, axes }: FileRecord): string {
  const sizes = axes.flatMap((axis, at) => {
    const size = voxel_size[at];
    return ["z", "y", "x"].includes(axis) && typeof size === "number" ? [[size, unit[at]] as const] : [];
  });
  const lengths = sizes.map(([size, of]) => angstromOf(size, of));
  if (lengths.length === 0 || lengths.some((size) => size === undefined)) return ABSENT;
  const texts = lengths.map((size) => fixed(size)).reverse();
  return new Set(texts).size === 1 ? texts[0]! : texts.join(" × ");
}

function angstromOf(size: number, unit: string | null | undefined): number | undefined {
  const factors: Readonly<Record<string, number>> = {
    å: 1,
    angstrom: 1,
    nm: 10,
    nanometer: 10,
    µm: 1e4,
    um: 1e4,
    micrometer: 1e4,
  };
  const factor = factors[unit?.toLowerCase() ?? ""];
  return factor === undefined ? undefined : size * factor;
}

/** All that a header says, beside the listing. */
function Header({ place, fileKey, entry }: { place: PlaceFacts; fileKey: string; entry: ListedEntry | undefined }) {
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(factsQuery(place.id, fileKey));
  const close = () => void navigate({ to: ".", search: ({ header: _, ...rest }: { header?: string }) => rest });
  return (
    <aside className="panel side-panel" aria-label="Header">
      <div className="spread">
        <h2>{nameOf(fileKey)}</h2>
        <button type="button" className="bare" onClick={close} aria-label="Close header">
          <X size={16} aria-hidden />
        </button>
      </div>
      {error ? (
        <ErrorPanel error={error} again={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="the file" />
      ) : (
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
                  fact(
                    "Voxel",
                    voxelOf(record) === ABSENT ? undefined : `${voxelOf(record)} Å`,
                    record.sources.voxel_size ?? "file",
                  ),
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
      )}
    </aside>
  );
}
