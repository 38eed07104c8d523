import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useParams, useRouter } from "@tanstack/react-router";
import { ArrowLeft, Bookmark, Braces, ExternalLink } from "lucide-react";
import { lazy, type RefObject, Suspense, useEffect, useMemo, useRef, useState } from "react";
import type { JsonObject } from "../../src/core/json.js";
import { sharedViewOf } from "../../src/formats/precomputed/state-view.js";
import type { NeuroglancerView } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { addressNow, neuroglancerOf, writesAddress } from "../parts/address.js";
import { ask, base } from "../parts/api.js";
import { CopyButton } from "../parts/copy.js";
import { PHONE_PX, useCommand, useCrumbs } from "../parts/page.js";
import { parseSearch } from "../parts/search-params.js";
import { Answer } from "../parts/states.js";
import "./neuroglancer.css";

/** Window of the frame, as the bundled version of Neuroglancer provides it. */
interface FrameWindow extends Window {
  readonly viewer?: {
    readonly state: { toJSON(): JsonObject; readonly changed: { add(listener: () => void): () => void } };
  };
}

const ViewsDialog = lazy(() => import("../saved/views-dialog.js").then(({ ViewsDialog: part }) => ({ default: part })));

/** Search parameters that slices and this page share. */
const SHARED = ["p", "z", "on", "c"] as const;
/** Browsers refuse many changes of the address in a short time. */
const ADDRESS_MS = 400;

/** The same view with its side panels put away, which would leave no room for the picture on a phone: buttons of Neuroglancer bring them back. */
const withoutPanels = (state: JsonObject): JsonObject => ({
  ...state,
  ...Object.fromEntries(
    ["selectedLayer", "layerListPanel", "selection"].map((name) => [
      name,
      { ...(state[name] as JsonObject | undefined), visible: false },
    ]),
  ),
});

/** Neuroglancer in the whole window, opened where slices were. */
export function Neuroglancer() {
  const { id, place, _splat: key } = useParams({ strict: false });
  // without a key it is a reference, which holds both
  const ref = key && place !== undefined ? printRef({ kind: "place", place, key }) : place;
  const what = id === undefined ? `at/${ref}` : `tomogram/${id}`;
  const { searchStr } = useLocation();
  // The frame is opened with what the address says at first; from then on the address follows the frame.
  const [opened] = useState(searchStr);
  const asked = useQuery({
    queryKey: ["neuroglancer", what, opened],
    queryFn: ({ signal }) => ask<NeuroglancerView>(`neuroglancer/${what}${queryOf(opened)}`, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (asked.data) return <Framed key={what} what={what} answer={asked.data} opened={opened} />;
  return (
    <div className="page">
      <Answer asked={asked} title="Neuroglancer">
        {() => null}
      </Answer>
    </div>
  );
}

function Framed({ what, answer, opened }: { what: string; answer: NeuroglancerView; opened: string }) {
  const { navigate } = useRouter();
  const view = useMemo(() => atThisPage(answer), [answer]);
  const frame = useRef<HTMLIFrameElement>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const search = useFollowed(frame, opened, view);
  const [json, setJson] = useState("");
  const [showsViews, setShowsViews] = useState(false);
  const address = useMemo(() => viewerAddress(innerWidth < PHONE_PX ? withoutPanels(view.state) : view.state), [view]);
  useCrumbs({ label: view.title, to: `/${view.slices}` }, { label: "Neuroglancer" });
  useCommand({ ask: `neuroglancer/${what}${queryOf(search)}` });

  const state = () => stateIn(frame.current) ?? view.state;
  return (
    <section className="ng" aria-label="Neuroglancer">
      <div className="v-bar">
        <h1>{view.title}</h1>
        <Link
          className="button"
          to={`/${view.slices}` as "/"}
          search={parseSearch(search) as object}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault(); // the address may lag behind
            void navigate({ to: `/${view.slices}` as "/", search: parseSearch(searchOf(opened, state(), view)) as object });
          }}
        >
          <ArrowLeft size={16} aria-hidden /> Slices
        </Link>
        <button type="button" onClick={() => setShowsViews(true)} title="Save this view, or go to one that was saved">
          <Bookmark size={16} aria-hidden /> Views
        </button>
        <CopyButton text={addressNow} label="Copy link" />
        <button
          type="button"
          onClick={() => {
            setJson(JSON.stringify(state(), null, 2));
            dialog.current?.showModal();
          }}
        >
          <Braces size={16} aria-hidden /> State JSON
        </button>
        <a
          className="button"
          href={address}
          target="_blank"
          rel="noreferrer"
          onClick={({ currentTarget }) => {
            currentTarget.href = viewerAddress(state());
          }}
        >
          <ExternalLink size={16} aria-hidden /> Open alone
        </a>
      </div>
      <Notices view={view} />
      <iframe ref={frame} src={address} title={`Neuroglancer: ${view.title}`} />
      {showsViews && (
        <Suspense>
          <ViewsDialog
            volume={what.replace(/^tomogram\//, "tomogram:").replace(/^at\//, "")}
            address={() => `/${view.slices}${searchOf(opened, state(), view)}`}
            openedAt={(to) => neuroglancerOf(to) ?? to}
            close={() => setShowsViews(false)}
          />
        </Suspense>
      )}
      <dialog ref={dialog} className="large" aria-label="State JSON">
        <textarea readOnly value={json} aria-label="State of Neuroglancer" spellCheck={false} />
        <div className="row wrap">
          <CopyButton text={json} />
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </dialog>
    </section>
  );
}

/** The address follows the frame, a moment after each change. @returns its search parameters */
function useFollowed(frame: RefObject<HTMLIFrameElement | null>, opened: string, view: NeuroglancerView): string {
  const { history } = useRouter();
  const [search, setSearch] = useState(() => searchOf(opened, view.state, view));
  useEffect(() => {
    let waiting: number | undefined;
    let forget: (() => void) | undefined;
    const write = () => {
      clearTimeout(waiting);
      waiting = undefined;
      const now = searchOf(opened, stateIn(frame.current) ?? view.state, view);
      setSearch(now);
      history.replace(`${window.location.pathname}${now}`);
      history.flush();
    };
    const follow = () => {
      waiting ??= window.setTimeout(write, ADDRESS_MS);
    };
    const noAddress = writesAddress(write);
    const listen = () => {
      forget?.();
      forget = (frame.current?.contentWindow as FrameWindow | null)?.viewer?.state.changed.add(follow);
    };
    const element = frame.current;
    listen();
    element?.addEventListener("load", listen);
    return () => {
      clearTimeout(waiting);
      noAddress();
      forget?.();
      element?.removeEventListener("load", listen);
    };
  }, [frame, history, opened, view]);
  return search;
}

function Notices({ view }: { view: NeuroglancerView }) {
  return (
    <>
      {view.elsewhere.length > 0 && (
        <div className="v-warnings ng-elsewhere" role="status">
          <span className="warn">⚠ Not drawn: {view.elsewhere.length} of the sources are not on this server.</span>
          <ul>
            {view.elsewhere.map((source) => (
              <li key={source}>
                <code>{source}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
      {view.notices.map((notice) => (
        <p key={notice} className="v-warnings warn" role="status">
          ⚠ {notice}
        </p>
      ))}
    </>
  );
}

/** Only what concerns the view: the rest belongs to slices alone. */
function queryOf(search: string): string {
  const given = new URLSearchParams(search);
  const kept = new URLSearchParams(SHARED.flatMap((name) => (given.has(name) ? [[name, given.get(name)!]] : [])));
  return kept.size === 0 ? "" : `?${kept}`;
}

/** A server behind a proxy may not know the address that this page came by: sources are asked for there. */
function atThisPage(view: NeuroglancerView): NeuroglancerView {
  if (view.base === base.href) return view;
  return { ...view, base: base.href, state: JSON.parse(JSON.stringify(view.state).replaceAll(view.base, base.href)) };
}

function viewerAddress(state: JsonObject): string {
  return `${new URL("viewer/", base).href}#!${encodeURIComponent(JSON.stringify(state))}`;
}

function stateIn(frame: HTMLIFrameElement | null): JsonObject | undefined {
  return (frame?.contentWindow as FrameWindow | null | undefined)?.viewer?.state.toJSON();
}

/** The parameters that the frame shows now, beside those that it does not know. */
function searchOf(opened: string, state: JsonObject, { layers }: NeuroglancerView): string {
  const search = new URLSearchParams(opened);
  const { positionAngstrom, zoom, shown, contrast } = sharedViewOf(state);
  if (positionAngstrom) search.set("p", positionAngstrom.toReversed().map(short).join(","));
  if (zoom !== undefined) search.set("z", short(zoom));
  if (shown && layers.length > 0) {
    search.set("on", [...new Set(layers.flatMap(({ id, name }) => (shown.has(name) ? [id] : [])))].join(","));
  }
  if (contrast) {
    const gamma = search.get("c")?.split(",")[2] ?? "1";
    search.set("c", [short(contrast.low), short(contrast.high), gamma, contrast.inverted ? "1" : "0"].join(","));
  }
  // commas and colons need no escapes there, and people read these
  return `?${search.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(7)));
}
