import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { HelpCircle, Lock, Menu, Moon, Sun, SunMoon, X } from "lucide-react";
import { lazy, type SubmitEvent, Suspense, useEffect, useRef, useState } from "react";
import { MENU, MENU_READING } from "../../src/model/pages.js";
import { useSession } from "./access.js";
import { AppLink } from "./app-link.js";
import { CopyButton } from "./copy.js";
import { moment } from "./format.js";
import { closeWhenLeft } from "./menu.js";
import { DropTarget } from "./open-file.js";
import { command, crumbs, toast } from "./page.js";
import { isDown, useServer } from "./queries.js";
import { applyTheme, isTyping, letterKeys, nextTheme, theme } from "./settings.js";
import { Boundary } from "./states.js";

const Palette = lazy(() => import("./palette.js").then(({ Palette }) => ({ default: Palette })));

const CatalogueNotices = lazy(() => import("./catalogue-notices.js").then(({ CatalogueNotices: part }) => ({ default: part })));

const TreeChanged = lazy(() => import("./catalogue-notices.js").then(({ TreeChanged: part }) => ({ default: part })));

const JobsBadge = lazy(() => import("./jobs-badge.js").then(({ JobsBadge: part }) => ({ default: part })));

const KeysDialog = lazy(() => import("./keys.js").then(({ KeysDialog: part }) => ({ default: part })));

/** Header, notices, page, foot: on every page. */
export function Shell() {
  const [showsKeys, setShowsKeys] = useState(false);
  const [finds, setFinds] = useState(false);
  const search = useRef<HTMLInputElement>(null);
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
      <Header search={search} showKeys={() => setShowsKeys(true)} />
      <Notices />
      <Toasts />
      <main id="main" tabIndex={-1}>
        <Boundary>
          <Outlet />
        </Boundary>
      </main>
      <DropTarget />
      <Foot />
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

function Header({ search, showKeys }: { search: React.RefObject<HTMLInputElement | null>; showKeys: () => void }) {
  const way = crumbs.use();
  const { data } = useServer();
  useSession();
  return (
    <header className="header">
      <Pages />
      <nav aria-label="Breadcrumbs" className="crumbs">
        <ol className="row">
          <li>
            <Link to="/">emporium</Link>
          </li>
          {way.map(({ label, to }) => (
            <li key={`${to} ${label}`}>{to ? <AppLink to={to}>{label}</AppLink> : <span aria-current="page">{label}</span>}</li>
          ))}
        </ol>
      </nav>
      <SearchBox field={search} />
      {data?.jobs && (
        <Suspense>
          <JobsBadge />
        </Suspense>
      )}
      {data && (
        <span
          className="row"
          title={data.holder ? `changes are made by ${data.holder.name}` : "nothing can be changed from this page"}
        >
          {data.holder ? <span aria-hidden>✎</span> : <Lock size={16} aria-hidden />}
          <span className="wide">{data.holder ? "writing" : "reading only"}</span>
        </span>
      )}
      <ThemeSwitch />
      <button type="button" className="bare" onClick={showKeys} aria-label="All keys" title="All keys (?)">
        <HelpCircle size={16} aria-hidden />
      </button>
    </header>
  );
}

/** Links to the lists. It closes when one is taken, and by Escape. */
function Pages() {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = () => menu.current?.removeAttribute("open");
  const isWriting = useServer().data?.writing === true;
  return (
    <details className="menu" ref={menu} onKeyDown={({ key }) => key === "Escape" && close()} onBlur={closeWhenLeft}>
      <summary className="bare" aria-label="Pages" title="Pages">
        <Menu size={16} aria-hidden />
      </summary>
      <nav aria-label="Pages" className="floating">
        {(isWriting ? MENU : MENU_READING).map(([to, label]) => (
          <Link key={to} to={to} onClick={close}>
            {label}
          </Link>
        ))}
      </nav>
    </details>
  );
}

function SearchBox({ field }: { field: React.RefObject<HTMLInputElement | null> }) {
  const navigate = useNavigate();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const q = field.current?.value.trim();
    if (q) void navigate({ to: "/search", search: { q } });
  };
  return (
    <search className="search">
      <form onSubmit={submit}>
        <input
          ref={field}
          type="search"
          name="q"
          aria-label="Search"
          placeholder="Search  /"
          autoComplete="off"
          maxLength={200}
        />
      </form>
    </search>
  );
}

function ThemeSwitch() {
  const now = theme.use();
  const Icon = { system: SunMoon, light: Sun, dark: Moon }[now];
  const turn = () => {
    theme.set(nextTheme(now));
    applyTheme();
  };
  return (
    <button type="button" className="bare" onClick={turn} aria-label={`Colours: ${now}`} title={`Colours: ${now}`}>
      <Icon size={16} aria-hidden />
    </button>
  );
}

/** What is so for the whole catalogue. A viewer has its own: there the picture fills what is left. */
function Notices() {
  const { pathname } = useLocation();
  const { data } = useServer();
  const catalogue = data?.catalogue;
  const place = data?.places.find(({ id }) => id === catalogue?.place);
  const changed = catalogue?.state === "ready" ? catalogue.treeChangedAt : undefined;
  if (/^\/(?:view|neuroglancer)\//.test(pathname)) return null;
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

function Foot() {
  const text = command.use();
  const { data } = useServer();
  const { catalogue, places } = data ?? {};
  const here = /^\/(?:browse|view\/at|neuroglancer\/at)\/([^/]+)/.exec(useLocation().pathname)?.[1];
  const place = places?.find(({ id }) => id === here) ?? places?.find(({ id }) => id === catalogue?.place) ?? places?.[0];
  const isCatalogued = place !== undefined && place.id === catalogue?.place;
  return (
    <footer className="foot">
      {text && (
        <>
          <code title={text}>$ {text}</code>
          <CopyButton text={text} label="Copy command" bare icon />
        </>
      )}
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
    </footer>
  );
}
