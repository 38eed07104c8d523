import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { X } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { base } from "./api.js";
import { DropTarget } from "./drop-target.js";
import { moment } from "./format.js";
import { Crumbs, Header } from "./header.js";
import { PHONE_PX, toast } from "./page.js";
import { isDown, useServer } from "./queries.js";
import { isTyping, letterKeys } from "./settings.js";
import { Boundary } from "./states.js";

const Palette = lazy(() => import("./palette.js").then(({ Palette }) => ({ default: Palette })));

const CatalogueNotices = lazy(() => import("./catalogue-notices.js").then(({ CatalogueNotices: part }) => ({ default: part })));

const TreeChanged = lazy(() => import("./catalogue-notices.js").then(({ TreeChanged: part }) => ({ default: part })));

const PagesBelow = lazy(() => import("./pages-below.js").then(({ PagesBelow: part }) => ({ default: part })));

const PhoneSearch = lazy(() => import("./pages-below.js").then(({ PhoneSearch: part }) => ({ default: part })));

const KeysDialog = lazy(() => import("./keys.js").then(({ KeysDialog: part }) => ({ default: part })));

const PHONE = matchMedia(`(width < ${PHONE_PX}px)`);
const watchPhone = (changed: () => void) => {
  PHONE.addEventListener("change", changed);
  return () => PHONE.removeEventListener("change", changed);
};

/** A viewer is one screen: the picture has what the header leaves. */
const isPicture = (path: string): boolean => /^\/(?:view|neuroglancer)\//.test(path);

/** Header, notices, page, foot: on every page. */
export function Shell() {
  const [showsKeys, setShowsKeys] = useState(false);
  const [finds, setFinds] = useState(false);
  const { pathname } = useLocation();
  const isPhone = useSyncExternalStore(watchPhone, () => PHONE.matches);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      const isFind = (event.ctrlKey || event.metaKey) && event.key === "k";
      const letter = letterKeys.get() && !isTyping(event) && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (isFind || (letter && event.key === "/")) setFinds(true);
      else if (letter && event.key === "?") setShowsKeys(true);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const early = useRef("");
  useEffect(() => {
    early.current = "";
    if (!finds) return;
    // what is typed before the palette is loaded is typed into it
    const onKey = (event: KeyboardEvent) => {
      if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Backspace") early.current = early.current.slice(0, -1);
      else if (event.key.length === 1) early.current += event.key;
      else if (event.key === "Enter") early.current += "\n";
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener("keydown", onKey, true);
    return () => removeEventListener("keydown", onKey, true);
  }, [finds]);
  return (
    <>
      <button type="button" className="skip" onClick={() => document.getElementById("main")?.focus()}>
        To the content
      </button>
      <Header
        isPicture={isPicture(pathname)}
        showKeys={() => setShowsKeys(true)}
        search={
          isPhone && (
            <Suspense>
              <PhoneSearch find={() => setFinds(true)} />
            </Suspense>
          )
        }
      />
      <Notices />
      <Toasts />
      <main id="main" tabIndex={-1}>
        {!isPicture(pathname) && pathname.split("/").length > 2 && <Crumbs />}
        <Boundary>
          <Outlet />
        </Boundary>
      </main>
      <DropTarget />
      {!isPicture(pathname) && <Foot />}
      {!isPicture(pathname) && isPhone && (
        <Suspense>
          <PagesBelow />
        </Suspense>
      )}
      {showsKeys && (
        <Suspense>
          <KeysDialog close={() => setShowsKeys(false)} />
        </Suspense>
      )}
      {finds && (
        <Suspense>
          <Palette early={early} close={() => setFinds(false)} showKeys={() => setShowsKeys(true)} />
        </Suspense>
      )}
    </>
  );
}

/** What is so for the whole catalogue. A viewer has its own: there the picture fills what is left. */
function Notices() {
  const { pathname } = useLocation();
  const { data } = useServer();
  const catalogue = data?.catalogue;
  const place = data?.places.find(({ id }) => id === catalogue?.place);
  const changed = catalogue?.state === "ready" ? catalogue.treeChangedAt : undefined;
  if (isPicture(pathname)) return null;
  return (
    <div className="notices" role="status">
      {catalogue?.state === "importing" && <p>The catalogue is being brought up to date: what is here may be older.</p>}
      {catalogue && (changed || catalogue.state === "failed" || (catalogue.otherDatasets ?? []).length > 0) && (
        <Suspense>
          <CatalogueNotices {...{ catalogue, place, changed }} />
        </Suspense>
      )}
    </div>
  );
}

const TOAST_MS = 5_000;
const LOOKED_AT_MS = 500;

/** Over the page: nothing is moved by it. It stays while somebody points at it, or is in it by keys. */
function Toasts() {
  useLocation(); // what is about a page goes with it
  const now = toast.use();
  const down = isDown.use();
  const part = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!now) return;
    let timer = 0;
    const end = () => {
      if (part.current?.matches(":hover, :focus-within")) timer = window.setTimeout(end, LOOKED_AT_MS);
      else toast.set(undefined);
    };
    timer = window.setTimeout(end, TOAST_MS);
    return () => clearTimeout(timer);
  }, [now]);
  const texts = now && (now.path === undefined || now.path === location.pathname) ? now.texts : [];
  return (
    <div ref={part} className="toasts" role="status">
      {down && <p className="warn">⚠ The server does not answer. What you see stays; trying again.</p>}
      {texts.map((text, at) => (
        <p key={text} className="spread">
          <span>{text}</span>
          {at === texts.length - 1 && (
            <button type="button" className="bare" aria-label="Put away" onClick={() => toast.set(undefined)}>
              <X size={16} aria-hidden />
            </button>
          )}
        </p>
      ))}
    </div>
  );
}

/** At the end of a page: what is served, of when, and the ways to everything else that is said of the house. */
function Foot() {
  const { data } = useServer();
  const { catalogue, places } = data ?? {};
  const here = /^\/browse\/([^/]+)/.exec(useLocation().pathname)?.[1];
  const place = places?.find(({ id }) => id === here) ?? places?.find(({ id }) => id === catalogue?.place) ?? places?.[0];
  const isCatalogued = place !== undefined && place.id === catalogue?.place;
  return (
    <footer className="foot">
      <span className="fresh">
        {isCatalogued && catalogue?.treeChangedAt && (
          <Suspense>
            <TreeChanged at={catalogue.treeChangedAt} place={place} />
          </Suspense>
        )}
        {place?.name}
        {isCatalogued && catalogue?.importedAt && ` · catalogue of ${moment(catalogue.importedAt)}`}
        {place && !isCatalogued && ` · ${place.kind}, read as it is now`}
      </span>
      <nav aria-label="About this server" className="row wrap">
        {data?.portal?.links.map(({ label, href }) => (
          <a key={href} href={href} rel="noreferrer">
            {label}
          </a>
        ))}
        <Link to="/about">About</Link>
        {data && <a href={new URL(data.addresses.graphql, base).href}>GraphQL</a>}
        <a href={new URL("api/v1/openapi.json", base).href}>API</a>
        <span>emporium{data && ` ${data.version}`}</span>
      </nav>
    </footer>
  );
}
